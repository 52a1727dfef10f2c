import { canonicalizeToBytes, createUlid, encodeHex } from '@exoarmur/canonical';
import {
  type AppendReceipt,
  type Clock,
  identifierSchema,
  lineSchema,
  type RandomSource,
  type SealedRecord,
} from '@exoarmur/contracts';
import { AuditError } from '../errors.ts';
import type { DraftFields } from './draft.ts';
import { type ForeignFormat, readForeignEvent } from './foreign-event.ts';
import { hmacSha256 } from './hmac.ts';

/** A foreign event to be recorded. */
export interface IngestOrder {
  readonly format: ForeignFormat;
  /** Which system it comes from; identities of two sources never meet. */
  readonly source: string;
  /** The event as it was received. */
  readonly text: string;
  /** Who hands it in. */
  readonly actor: SealedRecord['actor'];
}

/** What the ingest of one log needs. */
export interface IngestorOptions {
  readonly log: { enqueue(fields: DraftFields): Promise<AppendReceipt> };
  readonly clock: Clock;
  readonly random: RandomSource;
  /** 32 secret bytes of the tenant. Without them nobody can tell from the keys what was ingested. */
  readonly key: Uint8Array;
}

/**
 * Records foreign events once each, however often and by however many processes they are handed in. The same event again
 * gives the first receipt; another event of the same identity is refused with AUDIT_INGEST_CONFLICT.
 */
export class Ingestor {
  readonly #options: IngestorOptions;

  constructor(options: IngestorOptions) {
    if (options.key.length !== 32) throw new RangeError('ingest key must have 32 bytes');
    this.#options = options;
  }

  /** @throws AuditError AUDIT_INGEST_MALFORMED, AUDIT_INGEST_HASH_MISMATCH, AUDIT_INGEST_CONFLICT and those of an append. */
  async ingest({ format, source, text, actor }: IngestOrder): Promise<AppendReceipt> {
    if (!lineSchema(256).min(1).safeParse(source).success) {
      throw new AuditError('AUDIT_INGEST_MALFORMED', 'source is not a line of 1 to 256 characters');
    }
    const event = readForeignEvent(format, text);
    const { log, clock, random, key } = this.#options;
    const identity = hmacSha256(key, canonicalizeToBytes(['identity', format, source, event.id]));
    const content = hmacSha256(key, event.canonical);
    const session = hmacSha256(key, canonicalizeToBytes(['correlation', source, event.correlation]));
    return log.enqueue({
      stream: createUlid(clock.now(), random.bytes(10)),
      // A foreign id that is no identifier gets a pseudonym; only the tenant's key could tell which.
      correlation: identifierSchema.safeParse(event.correlation).success
        ? event.correlation
        : `c-${encodeHex(session.subarray(0, 16))}`,
      trace: null,
      actor,
      kind: 'event_ingested',
      payload: {
        schema: 'exoarmur.ingested-event/1',
        format,
        source,
        kind: event.kind,
        stored_hash: event.storedHash,
        text,
      },
      expectedSeq: null,
      contentKey: { identity, content },
    });
  }
}

/** The ingest of one log. @throws RangeError unless the key has 32 bytes. */
export function createIngestor(options: IngestorOptions): Ingestor {
  return new Ingestor(options);
}
