import type { Digest, RecordKind, SealedRecord } from '@exoarmur/contracts';

const NAME = '([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)';
const ID = '([A-Za-z0-9][A-Za-z0-9._-]{0,127})';
const DIGEST = '(sha256:[0-9a-f]{64})';
const NUMBER = '(0|[1-9][0-9]{0,6})';
// The days of the calendar, as in the schema: what the fast reader takes, the slow one takes too.
const DAY =
  '(?!0000)(?:[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)' +
  '|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)';
const TIME = `(${DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z)`;

/**
 * The canonical bytes of a record have one spelling, because nothing in a header needs an escape (spec/record.md,
 * "Grammar"). Kind and ranges are checked by {@link readSealedText}; a text that does not match is refused by the slow reader.
 */
const RECORD = new RegExp(
  `^\\{"actor":\\{"id":"${ID}","type":"(agent|human|service|boundary)"\\},"cell":"${NAME}","correlation":"${ID}",` +
    `"kind":"([a-z_]{1,32})","payload":\\{"digest":"${DIGEST}","size":${NUMBER}\\},"prev":(?:null|"${DIGEST}"),` +
    `"schema":"exoarmur\\.record/1","seq":${NUMBER},"stream":"${ID}","tenant":"${NAME}","time":"${TIME}",` +
    `"trace":(?:null|"${ID}")\\}$`,
);

/** What the fast reader needs to know of the schema. */
export interface RecordLimits {
  readonly kinds: ReadonlySet<string>;
  readonly maxSeq: number;
  readonly minPayloadBytes: number;
  readonly maxPayloadBytes: number;
}

/** The record spelled by canonical text, or undefined when the text is anything else. */
export function readSealedText(text: string, limits: RecordLimits): SealedRecord | undefined {
  const match = RECORD.exec(text);
  if (match === null) return undefined;
  const [, id, type, cell, correlation, kind, digest, size, prev, seq, stream, tenant, time, trace] = match;
  const payloadSize = Number(size);
  if (payloadSize < limits.minPayloadBytes || payloadSize > limits.maxPayloadBytes) return undefined;
  if (Number(seq) > limits.maxSeq || !limits.kinds.has(kind as string)) return undefined;
  // Every group but the two optional ones took part in the match.
  return {
    schema: 'exoarmur.record/1',
    tenant: tenant as string,
    cell: cell as string,
    correlation: correlation as string,
    stream: stream as string,
    seq: Number(seq),
    prev: (prev as Digest | undefined) ?? null,
    kind: kind as RecordKind,
    time: time as string,
    actor: { type: type as SealedRecord['actor']['type'], id: id as string },
    trace: trace ?? null,
    payload: { digest: digest as Digest, size: payloadSize },
  };
}

/** The canonical text of a record; equal to what the general writer gives for every record the schema allows. */
export function writeSealedText(record: SealedRecord): string {
  const { actor, cell, correlation, kind, payload, prev, seq, stream, tenant, time, trace } = record;
  return (
    `{"actor":{"id":"${actor.id}","type":"${actor.type}"},"cell":"${cell}","correlation":"${correlation}",` +
    `"kind":"${kind}","payload":{"digest":"${payload.digest}","size":${payload.size}},` +
    `"prev":${prev === null ? 'null' : `"${prev}"`},"schema":"${record.schema}","seq":${seq},"stream":"${stream}",` +
    `"tenant":"${tenant}","time":"${time}","trace":${trace === null ? 'null' : `"${trace}"`}}`
  );
}
