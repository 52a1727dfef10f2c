import { formatTime } from '@exoarmur/canonical';
import type { ListedStandingGrant } from '@exoarmur/sdk';
import type { Command } from 'commander';
import type { CommandContext } from '../../commands.ts';
import { addExamples } from '../../help.ts';
import { formatJson } from '../../json-output.ts';
import { withDesk } from '../approvals/desk.ts';
import { visible } from '../approvals/request-text.ts';
import { addBoundaryOption, type BoundaryOption } from '../boundary-option.ts';
import { draftTerms } from './grant-terms.ts';

interface Options extends BoundaryOption {
  readonly json?: true;
}

/** `grants list`, `grants draft`: what was agreed to in advance, and what could be. */
export function registerReading(parent: Command, context: CommandContext): void {
  const list = addBoundaryOption(parent.command('list'))
    .summary('what was agreed to in advance')
    .description('Show every standing grant, used up and revoked ones too. Each is verified again.')
    .option('--json', 'print one JSON object')
    .action((options: Options) =>
      withDesk(options, context, async (desk) => {
        const now = formatTime(Date.now());
        const found = (await desk.listStandingGrants()).map((listed) => ({ ...listed, state: stateOf(listed, now) }));
        const text = found.length === 0 ? 'Nothing was agreed to in advance.\n' : found.map(formatLine).join('');
        const shown = found.map(({ digest, grant, uses, state }) => ({ digest, state, uses, grant: grant ?? null }));
        context.terminal.out(options.json === true ? formatJson({ grants: shown }) : text);
      }),
    );
  addExamples(list, [['grants list', 'what holds, and how often it was used']]);

  const draft = addBoundaryOption(parent.command('draft'))
    .summary('terms that fit an action which waits')
    .description(
      'Print the narrowest terms that would have fitted an action which waits: its very target and parameters, once, for a\n' +
        'day. Edit them to what you mean, say why in `reason`, and give them to `grants add`.',
    )
    .argument('<stream>', 'stream of the action')
    .action((stream: string, options: BoundaryOption) =>
      withDesk(options, context, async (desk) => {
        const { intent } = await desk.show(stream);
        context.terminal.out(formatJson(draftTerms(intent, Date.now())));
      }),
    );
  addExamples(draft, [['grants draft write-1 > terms.json', 'start from what was asked']]);
}

type State = 'holds' | 'not_yet' | 'expired' | 'used_up' | 'revoked' | 'not_signed';

function stateOf({ grant, uses, isRevoked }: ListedStandingGrant, now: string): State {
  if (isRevoked) return 'revoked';
  if (grant === undefined) return 'not_signed';
  if (grant.expires_at <= now) return 'expired';
  if (uses >= grant.max_uses) return 'used_up';
  return grant.not_before > now ? 'not_yet' : 'holds';
}

function formatLine({ digest, grant, uses, state }: ListedStandingGrant & { readonly state: State }): string {
  if (grant === undefined) return `${state}  ${digest}\n`;
  const { actor_id, action_type, target, max_uses, granted_by, expires_at } = grant;
  const where = target.match === 'exact' ? target.value : `below ${target.value}`;
  const what = `${action_type} ${where}  for ${actor_id}  by ${granted_by}  used ${uses} of ${max_uses}  until ${expires_at}`;
  return `${state}  ${digest}  ${visible(what)}\n`;
}
