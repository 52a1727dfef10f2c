import { digestValue } from '@exoarmur/canonical';
import { type ActionIntent, INTENT_DIGEST_DOMAIN } from '@exoarmur/contracts';
import { closeAction } from './action-run.ts';
import type { ActionStream } from './action-stream.ts';
import { refuse } from './operator-signature.ts';

/**
 * An edit of an intent: a new intent with an id of its own that names the old one. Whoever edits is the actor of the new one;
 * it is decided and approved anew, and no approval of the old one fits it.
 */
export function reviseIntent(
  intent: ActionIntent,
  change: Pick<ActionIntent, 'intent_id' | 'actor_id' | 'actor_type' | 'timestamp'> & Partial<ActionIntent>,
): ActionIntent {
  const { revises: _, ...old } = intent;
  const intent_digest = digestValue(INTENT_DIGEST_DOMAIN, intent);
  return { ...old, ...change, revises: { intent_id: intent.intent_id, intent_digest } };
}

/**
 * Makes sure that the action an intent revises will never run: it waits for people and is closed here, or it has ended without
 * having been authorised. @throws BoundaryError BOUNDARY_REVISION_INVALID for one that is unknown, another one, unfinished, was
 * authorised, or is of another actor and no person edits it
 */
export async function supersede(intent: ActionIntent, old: ActionStream | undefined): Promise<void> {
  const { revises: revised } = intent;
  if (revised === undefined) return;
  if (old === undefined || old.intentDigest !== revised.intent_digest) {
    throw refuse('BOUNDARY_REVISION_INVALID', 'the revised action is not the one named', '/revises');
  }
  // An agent may change its own mind; ending what another one asked for takes a person.
  if (intent.actor_type !== 'human' && intent.actor_id !== old.state.actorId) {
    throw refuse('BOUNDARY_REVISION_INVALID', 'the revised action is of another actor', '/actor_id');
  }
  if (old.state.phase === 'waiting') {
    const isDenied = old.state.approvals.some(({ answer }) => answer?.verdict === 'deny');
    await closeAction(
      old,
      isDenied ? 'approval_denied' : 'cancelled',
      isDenied ? 'BOUNDARY_APPROVAL_DENIED' : 'BOUNDARY_SUPERSEDED',
    );
    return;
  }
  if (old.state.phase !== 'closed' || old.state.grant !== null) {
    throw refuse('BOUNDARY_REVISION_INVALID', 'the revised action may have run', '/revises');
  }
}
