import type { ActionIntent, PdpVerdict, PolicyRule } from '@exoarmur/contracts';

/** The ancestor's simple policy, as its reference describes it: first match wins, no match denies. */
export function decideByFirstMatch(rules: readonly PolicyRule[], intent: ActionIntent): PdpVerdict {
  const authority = /^[a-z]+:\/\/([^/?#]*)/.exec(intent.target)?.[1]?.toLowerCase();
  if (authority === undefined) return 'deny';
  const { method = '' } = intent.parameters as { readonly method?: string };
  for (const rule of rules) {
    const isTenant = !rule.tenant_id || rule.tenant_id === intent.tenant_id;
    const isDomain = !rule.allowed_domains?.length || rule.allowed_domains.includes(authority);
    const isMethod = !rule.allowed_methods?.length || rule.allowed_methods.includes(method.toUpperCase());
    if (isTenant && isDomain && isMethod) return rule.require_approval ? 'require_approval' : 'allow';
  }
  return 'deny';
}
