import { randomUUID } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalizeToBytes, decodeBase64, digestBytes, encodeUtf8, parseJson } from '@exoarmur/canonical';
import {
  APPROVAL_PAYLOAD_TYPE,
  APPROVAL_REVOCATION_PAYLOAD_TYPE,
  type DsseEnvelope,
  dsseEnvelopeSchema,
  isExoArmurError,
} from '@exoarmur/contracts';
import { z } from 'zod';
import { SdkError } from './errors.ts';
import { readBounded } from './read-file.ts';

/** Largest answer, how many are handed in for one action at a time, and how many files are looked at for it. */
export const ANSWER_LIMITS = { maxBytes: 65_536, maxAnswers: 64, maxFiles: 1024 } as const;

/** One signed answer that lies in a tray. */
export interface TrayAnswer {
  /** Names the answer to {@link AnswerTray.remove}. */
  readonly name: string;
  /** Unverified: anybody who can write to the folder may have put it there. Undefined when it is no envelope at all. */
  readonly envelope: DsseEnvelope | undefined;
  /** Code of what kept the file from being read at this moment; nothing is known of the answer then. */
  readonly fault?: string;
  /** The approval that nobody had taken when its giver took it back: it lies in one file with its revocation. Unverified. */
  readonly withdraws?: DsseEnvelope;
}

/**
 * Ranks of answers, by what their unverified bytes say: whoever stops or takes back comes before whoever agrees, and so does what
 * may be such a word.
 */
const RANKS = { denial: 0, revocation: 1, unread: 2, none: 3, other: 4 } as const;

/** Whether an answer may stop an action or take an approval back, by what its unverified bytes say. */
export function mayStop(answer: TrayAnswer): boolean {
  return rankOf(answer) < RANKS.none;
}

/** Whether an answer may be an approval. */
export function mayAgree(answer: TrayAnswer): boolean {
  return rankOf(answer) === RANKS.other;
}

function rankOf({ envelope, fault }: TrayAnswer): number {
  if (fault !== undefined) return RANKS.unread;
  if (envelope === undefined) return RANKS.none;
  if (envelope.payloadType === APPROVAL_REVOCATION_PAYLOAD_TYPE) return RANKS.revocation;
  const isDenial = envelope.payloadType === APPROVAL_PAYLOAD_TYPE && saidBy(envelope).verdict === 'deny';
  return isDenial ? RANKS.denial : RANKS.other;
}

/** What an answer says; nothing of it is verified. */
function saidBy({ payload }: DsseEnvelope): { readonly verdict?: unknown } {
  try {
    return Object(parseJson(decodeBase64(payload), { maxBytes: ANSWER_LIMITS.maxBytes }));
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return {};
  }
}

/** An approval and its revocation in one file, so that neither can be taken without the other. */
const withdrawalSchema = z.strictObject({ approval: dsseEnvelopeSchema, revocation: dsseEnvelopeSchema });

/**
 * A folder where people put their signed answers, and where the boundary that performs the action takes them from. Whoever
 * answers needs no key of the boundary and causes no effect. Whoever writes here without an operator's key cannot agree to
 * anything, but can take away what lies here: a denial too, so the folder belongs to those who answer alone.
 */
export class AnswerTray {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Puts an answer in, whole or not at all. The same one again changes nothing.
   * @throws SdkError SDK_ANSWER_MALFORMED, SDK_TRAY_UNAVAILABLE
   */
  put(stream: string, envelope: unknown): void {
    this.#put(stream, encodeAnswer(dsseEnvelopeSchema, envelope));
  }

  /** Puts an approval in that its giver takes back before it was taken, with the word that does so. @throws SdkError as {@link AnswerTray.put} */
  putWithdrawal(stream: string, withdrawal: { readonly approval: unknown; readonly revocation: unknown }): void {
    this.#put(stream, encodeAnswer(withdrawalSchema, withdrawal));
  }

  #put(stream: string, bytes: Uint8Array): void {
    if (bytes.length > ANSWER_LIMITS.maxBytes) throw new SdkError('SDK_ANSWER_MALFORMED', 'the answer is too large');
    const temporary = join(this.#folder, `.${randomUUID()}`);
    reach(() => {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writeFileSync(temporary, bytes, { mode: 0o600, flag: 'wx', flush: true });
      renameSync(temporary, join(this.#folder, `${prefixOf(stream)}${hexOf(bytes)}.json`));
    });
  }

  /**
   * The answers to one action in the order in which they are to be taken: denials, revocations, what cannot be read now, files
   * that are no answer, the rest. Where there are more files than are looked at, one of them may be a denial: that is a fault.
   * SECURITY: names of files say nothing, or whoever gives them would say whether a denial comes in time.
   * @throws SdkError SDK_TRAY_UNAVAILABLE
   */
  list(stream: string): readonly TrayAnswer[] {
    const prefix = prefixOf(stream);
    const names = this.#names().filter((name) => name.startsWith(prefix) && name.endsWith('.json'));
    const answers = names.slice(0, ANSWER_LIMITS.maxFiles).map((name) => this.#read(name));
    const [beyond] = names.slice(ANSWER_LIMITS.maxFiles);
    if (beyond !== undefined) {
      answers.push({ name: beyond, envelope: undefined, fault: 'SDK_TRAY_UNAVAILABLE' });
    }
    return answers.sort((a, b) => rankOf(a) - rankOf(b));
  }

  /** Whether an answer still lies there: whoever gave it may have taken it out. @throws SdkError SDK_TRAY_UNAVAILABLE */
  has({ name }: TrayAnswer): boolean {
    return reach(() => lstatSync(join(this.#folder, name), { throwIfNoEntry: false })) !== undefined;
  }

  /** @throws SdkError SDK_TRAY_UNAVAILABLE */
  remove({ name }: TrayAnswer): void {
    const path = join(this.#folder, name);
    reach(() => {
      const isFolder = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
      rmSync(path, { force: true, recursive: isFolder });
    });
  }

  #names(): string[] {
    return reach(() => {
      try {
        return readdirSync(this.#folder).sort();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    });
  }

  /** What a file holds. One that is too large, no file or no JSON is no answer; one that cannot be read now may be one. */
  #read(name: string): TrayAnswer {
    const none = { name, envelope: undefined };
    const path = join(this.#folder, name);
    let bytes: Uint8Array;
    try {
      const about = reach(() => statSync(path));
      if (!about.isFile() || about.size > ANSWER_LIMITS.maxBytes) return none;
      bytes = readBounded(path, ANSWER_LIMITS.maxBytes, '').bytes;
    } catch (error) {
      if (!isExoArmurError(error)) throw error;
      return { ...none, fault: error.code };
    }
    try {
      const value = parseJson(bytes, { maxBytes: ANSWER_LIMITS.maxBytes });
      const { data } = withdrawalSchema.safeParse(value);
      if (data === undefined) return { ...none, envelope: dsseEnvelopeSchema.safeParse(value).data };
      // SECURITY: nothing else goes with an approval, because nobody takes back a denial.
      const isRevocation = data.revocation.payloadType === APPROVAL_REVOCATION_PAYLOAD_TYPE;
      return isRevocation ? { name, envelope: data.revocation, withdraws: data.approval } : none;
    } catch (error) {
      if (!isExoArmurError(error)) throw error;
      return none;
    }
  }
}

/** @throws SdkError SDK_ANSWER_MALFORMED, also for what a getter or a trap throws */
function encodeAnswer(schema: z.ZodType, answer: unknown): Uint8Array {
  try {
    return canonicalizeToBytes(schema.parse(answer));
  } catch (cause) {
    throw new SdkError('SDK_ANSWER_MALFORMED', 'an answer is one signed envelope', { cause });
  }
}

/** What the file system answers. @throws SdkError SDK_TRAY_UNAVAILABLE for whatever it throws */
function reach<Value>(ask: () => Value): Value {
  try {
    return ask();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new SdkError('SDK_TRAY_UNAVAILABLE', `the folder of answers is out of reach: ${code}`, { cause });
  }
}

function prefixOf(stream: string): string {
  return `${hexOf(encodeUtf8(stream)).slice(0, 32)}-`;
}

function hexOf(bytes: Uint8Array): string {
  return digestBytes('exoarmur.answer/1', bytes).slice('sha256:'.length);
}
