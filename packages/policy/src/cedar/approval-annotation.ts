import { type ApprovalRequirement, approvalRequirementSchema } from '@exoarmur/contracts';
import { APPROVAL_DEFAULTS } from '../approval-requirement.ts';

/** The answer of {@link parseApprovalAnnotations}. */
export type AnnotationAnswer =
  | { readonly outcome: 'none' }
  | { readonly outcome: 'valid'; readonly requirement: ApprovalRequirement }
  | { readonly outcome: 'malformed'; readonly reason: string };

const COMPANIONS = ['quorum', 'roles', 'ttl'] as const;
const KNOWN: readonly string[] = [...COMPANIONS, 'approval', 'advice', 'id'];
/** Names that begin like this are the author's own and mean nothing here. */
const OWN_PREFIX = 'x_';

/**
 * Reads the demand for approval in the annotations of one policy: `@approval("human")` or `@approval("quorum")`, with
 * `@quorum("2")`, `@roles("a,b")` and `@ttl("3600")` (seconds) beside it; `@advice`, `@id` and names that begin with `x_` on any
 * policy. Anything else is malformed and refuses the whole policy set: a demand that is misspelt must not become a plain
 * forbid or a plain permit in silence.
 */
export function parseApprovalAnnotations(
  effect: 'permit' | 'forbid',
  annotations: Readonly<Record<string, string | null>>,
): AnnotationAnswer {
  const read = (name: string): string | undefined =>
    Object.hasOwn(annotations, name) ? (annotations[name] ?? '') : undefined;
  // SECURITY: `@aproval` on a permit would let through what was to be asked about, a misspelt companion would ask for less.
  const unknown = Object.keys(annotations).find((name) => !KNOWN.includes(name) && !name.startsWith(OWN_PREFIX));
  if (unknown !== undefined) {
    return { outcome: 'malformed', reason: `@${unknown} is not known; one of your own begins with @${OWN_PREFIX}` };
  }
  const kind = read('approval');
  if (kind === undefined) {
    const stray = COMPANIONS.find((name) => read(name) !== undefined);
    return stray === undefined
      ? { outcome: 'none' }
      : { outcome: 'malformed', reason: `@${stray} stands without @approval` };
  }
  if (effect === 'permit')
    return { outcome: 'malformed', reason: '@approval stands on a permit; it belongs on a forbid' };
  if (kind !== 'human' && kind !== 'quorum') {
    return { outcome: 'malformed', reason: '@approval is neither "human" nor "quorum"' };
  }
  const quorum = readWhole(read('quorum'), kind === 'human' ? 1 : APPROVAL_DEFAULTS.quorum);
  const ttl = readWhole(read('ttl'), APPROVAL_DEFAULTS.ttlSeconds);
  if (quorum === undefined || (kind === 'human' ? quorum !== 1 : quorum < 2)) {
    return { outcome: 'malformed', reason: '@quorum is 2 to 16, and only with @approval("quorum")' };
  }
  if (ttl === undefined) return { outcome: 'malformed', reason: '@ttl is a whole number of seconds' };
  const roles = read('roles')
    ?.split(',')
    .map((role) => role.trim());
  const parsed = approvalRequirementSchema.safeParse({
    kind,
    quorum,
    roles: [...new Set(roles ?? [])].sort(),
    ttl_seconds: ttl,
  });
  if (!parsed.success) return { outcome: 'malformed', reason: '@quorum, @roles or @ttl is out of its range' };
  return { outcome: 'valid', requirement: parsed.data };
}

function readWhole(text: string | undefined, whenAbsent: number): number | undefined {
  if (text === undefined) return whenAbsent;
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined;
}
