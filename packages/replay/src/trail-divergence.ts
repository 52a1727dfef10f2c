import type { JsonObject, SealedRecord } from '@exoarmur/contracts';
import { findDifference, type JsonDifference } from './json-difference.ts';
import { oneLine } from './one-line.ts';

/** One record with its payload, undefined when that was withheld. */
export interface ComparedRecord {
  readonly record: SealedRecord;
  readonly payload: JsonObject | undefined;
}

/** In what way two trails part. */
export type TrailDivergenceCode =
  | 'actor_diverges'
  | 'approval_diverges'
  | 'decision_diverges'
  | 'engine_diverges'
  | 'fact_diverges'
  | 'grant_diverges'
  | 'identity_diverges'
  | 'input_diverges'
  | 'kind_diverges'
  | 'order_diverges'
  | 'output_diverges'
  | 'payload_withheld'
  | 'policy_diverges'
  | 'record_extra'
  | 'record_missing'
  | 'sealing_diverges'
  | 'time_diverges';

/** The first record at which two trails part, and the first member of it. */
export interface TrailDivergence {
  readonly code: TrailDivergenceCode;
  /** Position of the record in both trails. */
  readonly record: number;
  /** JSON pointer into `{ record, payload }`; `''` for a whole record. */
  readonly pointer: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/** Longest value shown, in characters. */
const MAX_SHOWN = 160;
/** How far ahead a record that stands elsewhere is looked for. */
const LOOK_AHEAD = 64;

/**
 * Where two tellings of the same trail part: first by order and kind, then by the members of the header, then by the
 * payload. What was sealed differs wherever anything differs, so `seq`, `prev` and the commitment only count when all else is
 * equal. Undefined when the trails are the same. Reads each source once, and no further than the difference.
 */
export function findTrailDivergence(
  expected: Iterable<ComparedRecord>,
  found: Iterable<ComparedRecord>,
): TrailDivergence | undefined {
  const [wanted, seen] = [new Window(expected), new Window(found)];
  for (let index = 0; ; index++) {
    const [a, b] = [wanted.peek(0), seen.peek(0)];
    if (a === undefined && b === undefined) return undefined;
    if (a === undefined)
      return { code: 'record_extra', record: index, pointer: '', expected: null, found: b?.record.kind ?? null };
    if (b === undefined)
      return { code: 'record_missing', record: index, pointer: '', expected: a.record.kind, found: null };
    const difference = differenceOf(a, b);
    if (difference !== undefined) return { record: index, ...(displacement(wanted, seen) ?? difference) };
    wanted.take();
    seen.take();
  }
}

type Difference = Omit<TrailDivergence, 'record'>;

/** A source read ahead as far as is looked. */
class Window {
  readonly #source: Iterator<ComparedRecord>;
  readonly #ahead: ComparedRecord[] = [];

  constructor(source: Iterable<ComparedRecord>) {
    this.#source = source[Symbol.iterator]();
  }

  peek(at: number): ComparedRecord | undefined {
    while (this.#ahead.length <= at) {
      const next = this.#source.next();
      if (next.done === true) return undefined;
      this.#ahead.push(next.value);
    }
    return this.#ahead[at];
  }

  take(): void {
    this.#ahead.shift();
  }

  /** Distance to the record that says the same as `other`, if it is near. */
  distanceTo(other: ComparedRecord): number | undefined {
    for (let at = 1; at <= LOOK_AHEAD; at++) {
      const candidate = this.peek(at);
      if (candidate === undefined) return undefined;
      if (isSameStep(candidate, other)) return at;
    }
    return undefined;
  }
}

/** Whether the two next records differ because one was left out, put in, or moved. */
function displacement(wanted: Window, seen: Window): Difference | undefined {
  const [a, b] = [wanted.peek(0), seen.peek(0)];
  if (a === undefined || b === undefined || isSameStep(a, b)) return undefined;
  const [aLater, bLater] = [seen.distanceTo(a), wanted.distanceTo(b)];
  const [expected, found] = [a.record.kind, b.record.kind];
  if (aLater !== undefined && bLater !== undefined)
    return { code: 'order_diverges', pointer: '/record/kind', expected, found };
  if (bLater !== undefined) return { code: 'record_missing', pointer: '', expected, found };
  return aLater === undefined ? undefined : { code: 'record_extra', pointer: '', expected, found };
}

/** The same step of the action, whatever place it is sealed at. */
function isSameStep(a: ComparedRecord, b: ComparedRecord): boolean {
  if (a.record.kind !== b.record.kind || a.record.time !== b.record.time) return false;
  if (a.payload === undefined || b.payload === undefined) return a.record.payload.digest === b.record.payload.digest;
  return findDifference(a.payload, b.payload) === undefined;
}

const HEADER: readonly (readonly [keyof SealedRecord, TrailDivergenceCode])[] = [
  ['kind', 'kind_diverges'],
  ['tenant', 'identity_diverges'],
  ['cell', 'identity_diverges'],
  ['correlation', 'identity_diverges'],
  ['stream', 'identity_diverges'],
  ['trace', 'identity_diverges'],
  ['actor', 'actor_diverges'],
  ['time', 'time_diverges'],
];

function differenceOf(a: ComparedRecord, b: ComparedRecord): Difference | undefined {
  for (const [member, code] of HEADER) {
    const difference = findDifference(a.record[member], b.record[member]);
    if (difference !== undefined) return show(code, `/record/${member}${difference.pointer}`, difference);
  }
  return inPayloads(a, b) ?? inSealing(a.record, b.record);
}

function inPayloads(a: ComparedRecord, b: ComparedRecord): Difference | undefined {
  const isWithheld = a.payload === undefined || b.payload === undefined;
  // Equal commitments are equal payloads; unequal ones say nothing as long as one side is withheld.
  if (isWithheld) {
    if (a.payload === b.payload || a.record.payload.digest === b.record.payload.digest) return undefined;
    return { code: 'payload_withheld', pointer: '/payload', expected: null, found: null };
  }
  const difference = firstCause(a, b) ?? findDifference(a.payload, b.payload);
  if (difference === undefined) return undefined;
  return show(codeOf(a.record.kind, difference.pointer), `/payload${difference.pointer}`, difference);
}

/** What a decision read, in the order in which one thing leads to another: the cause is named, not what follows from it. */
const CAUSES = ['intent_digest', 'engine', 'policy_digest', 'facts'] as const;

function firstCause(a: ComparedRecord, b: ComparedRecord): JsonDifference | undefined {
  if (a.record.kind !== 'verdict_resolved') return undefined;
  for (const member of CAUSES) {
    const difference = findDifference(a.payload?.[member], b.payload?.[member]);
    if (difference !== undefined) return { ...difference, pointer: `/${member}${difference.pointer}` };
  }
  return undefined;
}

function inSealing(a: SealedRecord, b: SealedRecord): Difference | undefined {
  const difference = findDifference(a, b);
  return difference === undefined ? undefined : show('sealing_diverges', `/record${difference.pointer}`, difference);
}

/** What a difference inside the payload of a kind of record is about. */
function codeOf(kind: SealedRecord['kind'], pointer: string): TrailDivergenceCode {
  switch (kind) {
    case 'intent_received':
      return 'input_diverges';
    case 'verdict_resolved':
      if (pointer.startsWith('/facts')) return 'fact_diverges';
      if (pointer.startsWith('/engine')) return 'engine_diverges';
      return pointer === '/policy_digest' ? 'policy_diverges' : 'decision_diverges';
    case 'approval_requested':
    case 'approval_decided':
      return 'approval_diverges';
    case 'execution_authorized':
      return 'grant_diverges';
    default:
      return 'output_diverges';
  }
}

function show(
  code: TrailDivergenceCode,
  pointer: string,
  { expected, found }: { readonly expected: string | null; readonly found: string | null },
): Difference {
  const text = (value: string | null): string | null => (value === null ? null : oneLine(value, MAX_SHOWN));
  return { code, pointer, expected: text(expected), found: text(found) };
}
