import type {
  ActionIntent,
  Digest,
  ExecutorIdentity,
  OutcomeStatus,
  RecordKind,
  ResolutionFinding,
  SealedRecord,
  TargetVerdict,
  TrailKind,
  Verdict,
} from '@exoarmur/contracts';

/** Where in its life an action stands. The table of what may follow is {@link allowedKinds}. */
export type TrailPhase =
  | 'empty'
  | 'received'
  | 'decided'
  | 'waiting'
  | 'target_validated'
  | 'authorized'
  | 'completed'
  | 'closed';

/** What every record of one stream has in common. */
export type TrailScope = Pick<SealedRecord, 'tenant' | 'cell' | 'correlation' | 'stream'>;

/** A check that could not be made, because the payload it needs was withheld or erased. Never a pass. */
export interface UnverifiableCheck {
  /** `seq` of the record whose check is missing. */
  readonly record: number;
  /** Kind of the record whose payload is needed. */
  readonly need: TrailKind;
  /** `seq` of the record whose payload is needed. */
  readonly of: number;
}

/** The latest decision. A null member stands in a withheld payload and was not stated by a later record either. */
export interface DecisionSeen {
  readonly seq: number;
  readonly disclosed: boolean;
  readonly digest: Digest | null;
  readonly policyDigest: Digest | null;
  readonly verdict: Verdict | null;
  /** Digests of the approvals it rests on, sorted. */
  readonly approvals: readonly Digest[] | null;
  /** Distinct keys the policies ask for. */
  readonly quorum: number | null;
  /** The policies it rests on. */
  readonly determining: readonly string[] | null;
}

/** The latest request for approval: approvals count for this one only. */
export interface RequestSeen {
  readonly seq: number;
  readonly disclosed: boolean;
  readonly quorum: number | null;
  readonly expiresAt: string | null;
  /** Digest of the request; null when it was withheld. */
  readonly digest: Digest | null;
  /** Whether answers have to name the digest, because the request shows what they agree to. */
  readonly isPresented: boolean;
}

/** One signed answer to the latest request, or a use of a standing grant in the place of one, as recorded; `answer` is null when its payload was withheld. */
export interface ApprovalSeen {
  readonly seq: number;
  readonly answer: {
    readonly digest: Digest;
    readonly verdict: 'approve' | 'deny';
    readonly approverId: string;
    readonly keyIds: readonly string[];
    readonly expiresAt: string;
    /** Whether the approver took it back: then nothing may rest on it. */
    readonly isRevoked: boolean;
  } | null;
}

/** The life of one action as far as its records tell. Plain data; {@link advanceTrail} returns a new one for each step. */
export interface TrailState {
  readonly phase: TrailPhase;
  /** Number of records so far, and so the `seq` of the next one. */
  readonly count: number;
  readonly scope: TrailScope | null;
  readonly intentDisclosed: boolean;
  readonly intentDigest: Digest | null;
  /** Null when it was withheld. */
  readonly intent: ActionIntent | null;
  readonly actorId: string | null;
  readonly decision: DecisionSeen | null;
  readonly request: RequestSeen | null;
  readonly approvals: readonly ApprovalSeen[];
  readonly target: {
    readonly seq: number;
    readonly executor: ExecutorIdentity | null;
    readonly result: TargetVerdict | null;
  } | null;
  readonly grant: { readonly seq: number; readonly digest: Digest | null } | null;
  readonly outcome: {
    readonly seq: number;
    readonly status: OutcomeStatus | null;
    readonly digest: Digest | null;
  } | null;
  /** What a person found out about an ambiguous outcome; `finding` is null when it was withheld. */
  readonly resolution: { readonly seq: number; readonly finding: ResolutionFinding | null } | null;
  readonly unverifiable: readonly UnverifiableCheck[];
}

/** The state before the first record. */
export function initialTrail(): TrailState {
  return {
    phase: 'empty',
    count: 0,
    scope: null,
    intentDisclosed: false,
    intentDigest: null,
    intent: null,
    actorId: null,
    decision: null,
    request: null,
    approvals: [],
    target: null,
    grant: null,
    outcome: null,
    resolution: null,
    unverifiable: [],
  };
}

/** Whether the action has ended: nothing may follow, except what a person found out about an ambiguous outcome. */
export function isClosed(state: TrailState): boolean {
  return state.phase === 'closed';
}

/** Whether somebody refused the latest request; a denial is final. */
export function isDenied(state: TrailState): boolean {
  return state.approvals.some(({ answer }) => answer?.verdict === 'deny');
}

/** Whether nobody knows what became of the effect, and nobody has looked after it yet. */
function mayBeResolved({ outcome, resolution }: TrailState): boolean {
  return resolution === null && outcome !== null && (outcome.status === 'ambiguous' || outcome.status === null);
}

/** The kinds of record that may lawfully come next. */
export function allowedKinds(state: TrailState): readonly RecordKind[] {
  switch (state.phase) {
    case 'empty':
      return ['intent_received'];
    case 'received':
      return ['verdict_resolved', 'stream_closed'];
    case 'decided':
      return kindsAfterVerdict(state.decision?.verdict ?? null);
    case 'waiting':
      return isDenied(state)
        ? ['verdict_resolved', 'stream_closed']
        : ['approval_decided', 'approval_revoked', 'standing_grant_used', 'verdict_resolved', 'stream_closed'];
    case 'target_validated':
      return kindsAfterTarget(state.target?.result ?? null);
    case 'authorized':
      return ['execution_completed'];
    case 'completed':
      return ['stream_closed'];
    case 'closed':
      return mayBeResolved(state) ? ['ambiguity_resolved'] : [];
  }
}

function kindsAfterVerdict(verdict: Verdict | null): readonly RecordKind[] {
  switch (verdict) {
    case 'deny':
      return ['stream_closed'];
    case 'allow':
      return ['target_validated', 'stream_closed'];
    case 'require_approval':
    case 'require_quorum':
    case 'require_human':
      return ['approval_requested', 'stream_closed'];
    case null:
      return ['approval_requested', 'target_validated', 'stream_closed'];
  }
}

function kindsAfterTarget(result: TargetVerdict | null): readonly RecordKind[] {
  return result === null || result === 'valid' ? ['execution_authorized', 'stream_closed'] : ['stream_closed'];
}
