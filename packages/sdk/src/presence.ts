import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { createUlid, digestBytes, encodeUtf8 } from '@exoarmur/canonical';
import { SdkError } from './errors.ts';
import { inTurn, takeLock } from './turn.ts';

const LOCK = /^([0-9A-HJKMNP-TV-Z]{26})\.lock$/;

/**
 * Which boundaries of this machine work on one store, and on which actions, so that a recovery leaves the actions of the
 * living alone. Each boundary holds a lock that the operating system takes back when its process dies, however it dies;
 * process ids, which are given out again, play no part. It is no evidence: losing the folder loses no record.
 */
export class Presence {
  readonly #folder: string;
  readonly #id: string;
  readonly #lock: DatabaseSync;
  readonly #counts = new Map<string, number>();

  private constructor(folder: string, id: string, lock: DatabaseSync) {
    this.#folder = folder;
    this.#id = id;
    this.#lock = lock;
  }

  /** Enters the folder, creating it with mode 0700. @throws SdkError SDK_PRESENCE_UNAVAILABLE */
  static enter(folder: string): Presence {
    const id = createUlid(Date.now(), new Uint8Array(randomBytes(10)));
    return guarded(folder, () => {
      mkdirSync(join(folder, id), { mode: 0o700 });
      return new Presence(folder, id, takeLock(join(folder, `${id}.lock`), 0));
    });
  }

  /**
   * Says that this boundary works on a stream, until the answer is called. Comes before the first record.
   * @throws SdkError SDK_PRESENCE_UNAVAILABLE
   */
  mark(stream: string): () => void {
    const name = nameOf(stream);
    const path = join(this.#folder, this.#id, name);
    // INVARIANT: what is counted is in the folder, or a later mark would leave it out.
    const count = this.#counts.get(name) ?? 0;
    if (count === 0) reach(() => writeFileSync(path, ''));
    this.#counts.set(name, count + 1);
    return () => {
      const left = (this.#counts.get(name) ?? 1) - 1;
      if (left > 0) return void this.#counts.set(name, left);
      this.#counts.delete(name);
      try {
        rmSync(path, { force: true });
      } catch {
        // It keeps recoveries away as long as this boundary lives, and must not hide what became of the action.
      }
    };
  }

  /**
   * Whether any living boundary, this one included, works on a stream. Ask after reading the stream, never before.
   * @throws SdkError SDK_PRESENCE_UNAVAILABLE
   */
  isWorkedOn(stream: string): boolean {
    const name = nameOf(stream);
    return guarded(this.#folder, () => this.#living()).some((id) => existsSync(join(this.#folder, id, name)));
  }

  /** Leaves. What this boundary had not finished is up to a recovery. */
  leave(): void {
    try {
      guarded(this.#folder, () => {
        this.#lock.close();
        this.#forget(this.#id);
      });
    } catch {
      // What is left in the folder belongs to nobody without the lock.
      if (this.#lock.isOpen) this.#lock.close();
    }
  }

  /** Ids of the living. Those of the dead are forgotten on the way. */
  #living(): string[] {
    return readdirSync(this.#folder).flatMap((entry) => {
      const id = LOCK.exec(entry)?.[1];
      if (id === undefined) return [];
      if (id === this.#id || isHeld(join(this.#folder, entry))) return [id];
      this.#forget(id);
      return [];
    });
  }

  #forget(id: string): void {
    rmSync(join(this.#folder, id), { recursive: true, force: true });
    rmSync(join(this.#folder, `${id}.lock`), { force: true });
  }
}

/** Names of streams differ in case, and file systems may not tell. */
function nameOf(stream: string): string {
  return digestBytes('exoarmur.presence/1', encodeUtf8(stream)).slice('sha256:'.length);
}

/** Entering, leaving and looking around take turns, so that a lock just made is not taken for a lost one. */
function guarded<Value>(folder: string, work: () => Value): Value {
  return reach(() => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return inTurn(join(folder, 'gate'), work);
  });
}

/** What the file system answers. @throws SdkError SDK_PRESENCE_UNAVAILABLE for whatever it throws */
function reach<Value>(ask: () => Value): Value {
  try {
    return ask();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new SdkError('SDK_PRESENCE_UNAVAILABLE', `the folder of the living is out of reach: ${code}`, { cause });
  }
}

function isHeld(path: string): boolean {
  try {
    takeLock(path, 0).close();
    return false;
  } catch {
    // Busy, or anything else that keeps us from knowing: taken for alive, so that nothing of the living is touched.
    return true;
  }
}
