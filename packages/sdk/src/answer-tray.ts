import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalizeToBytes, digestBytes, encodeUtf8, parseJson } from '@exoarmur/canonical';
import { type DsseEnvelope, dsseEnvelopeSchema, isExoArmurError } from '@exoarmur/contracts';
import { SdkError } from './errors.ts';
import { readBounded } from './read-file.ts';

/** Largest answer, and how many are looked at for one action at a time. */
export const ANSWER_LIMITS = { maxBytes: 65_536, maxAnswers: 64 } as const;

/** One signed answer that lies in a tray. */
export interface TrayAnswer {
  /** Names the answer to {@link AnswerTray.remove}. */
  readonly name: string;
  /** Unverified: anybody who can write to the folder may have put it there. Undefined when it is no envelope at all. */
  readonly envelope: DsseEnvelope | undefined;
}

/**
 * A folder where people put their signed answers, and where the boundary that performs the action takes them from. Whoever
 * answers needs no key of the boundary and causes no effect; whoever writes here without an operator's key achieves nothing.
 */
export class AnswerTray {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Puts an answer in, whole or not at all. The same one again changes nothing. @throws SdkError SDK_ANSWER_MALFORMED */
  put(stream: string, envelope: unknown): void {
    const parsed = dsseEnvelopeSchema.safeParse(envelope);
    if (!parsed.success) throw new SdkError('SDK_ANSWER_MALFORMED', 'an answer is one signed envelope');
    const bytes = canonicalizeToBytes(parsed.data);
    if (bytes.length > ANSWER_LIMITS.maxBytes) throw new SdkError('SDK_ANSWER_MALFORMED', 'the answer is too large');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const temporary = join(this.#folder, `.${randomUUID()}`);
    writeFileSync(temporary, bytes, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, join(this.#folder, `${prefixOf(stream)}${hexOf(bytes)}.json`));
  }

  /** The answers to one action, in an order of no meaning. */
  list(stream: string): readonly TrayAnswer[] {
    const prefix = prefixOf(stream);
    const names = this.#names().filter((name) => name.startsWith(prefix) && name.endsWith('.json'));
    return names.slice(0, ANSWER_LIMITS.maxAnswers).map((name) => ({ name, envelope: this.#read(name) }));
  }

  remove({ name }: TrayAnswer): void {
    rmSync(join(this.#folder, name), { force: true });
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  #read(name: string): DsseEnvelope | undefined {
    try {
      const { bytes } = readBounded(join(this.#folder, name), ANSWER_LIMITS.maxBytes, '');
      const parsed = dsseEnvelopeSchema.safeParse(parseJson(bytes, { maxBytes: ANSWER_LIMITS.maxBytes }));
      return parsed.success ? parsed.data : undefined;
    } catch (error) {
      if (!isExoArmurError(error)) throw error;
      return undefined;
    }
  }
}

function prefixOf(stream: string): string {
  return `${hexOf(encodeUtf8(stream)).slice(0, 32)}-`;
}

function hexOf(bytes: Uint8Array): string {
  return digestBytes('exoarmur.answer/1', bytes).slice('sha256:'.length);
}
