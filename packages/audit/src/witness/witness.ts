import {
  emptyRoot,
  encodeHex,
  encodeUtf8,
  equalBytes,
  formatSignatureLine,
  type NamedSigner,
  parseNote,
  sha256,
  signCosignature,
  type VerifierKey,
  verifyCheckpoint,
  verifyConsistency,
} from '@exoarmur/canonical';
import { type Clock, isExoArmurError, type WitnessedHead, type WitnessStore } from '@exoarmur/contracts';
import { parseAddCheckpoint } from './add-checkpoint.ts';

/** What a witness is made of. */
export interface WitnessOptions {
  readonly store: WitnessStore;
  /** Keys of the logs it watches; a log's origin is the name of its key. */
  readonly logs: readonly VerifierKey[];
  /** Its own key; the name appears on every cosignature. */
  readonly signer: NamedSigner;
  readonly clock: Clock;
}

/** An HTTP answer, to be written by whatever serves it. */
export interface WitnessResponse {
  readonly status: 200 | 400 | 403 | 404 | 409 | 413 | 422;
  readonly type: 'text/plain; charset=utf-8' | 'text/x.tlog.size';
  readonly body: string;
}

/**
 * A C2SP tlog-witness: cosigns a checkpoint only if it verified that the log grew out of the largest one it cosigned
 * before, and only after it has that written down. Requests of one log are taken one at a time.
 */
export class Witness {
  readonly #options: WitnessOptions;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** Answers `POST <prefix>/add-checkpoint`. Never throws on a bad request; errors of the store pass. */
  async addCheckpoint(body: Uint8Array): Promise<WitnessResponse> {
    const request = readRequest(body);
    if ('status' in request) return request;
    const { checkpoint } = request;
    const key = this.#options.logs.find(({ name }) => name === checkpoint.origin);
    if (key === undefined) return answer(404, 'unknown log\n');
    const verdict = verifyCheckpoint(request.note, [key]);
    if (verdict.outcome === 'invalid') return answer(403, 'no valid signature of the log\n');
    if (request.oldSize > checkpoint.size) return answer(400, 'old size is above the checkpoint size\n');
    return this.#inTurn(checkpoint.origin, () => this.#cosign(request, verdict.text));
  }

  /** Answers `GET <prefix>/<hex of SHA-256 of the origin>/checkpoint`: the latest cosigned one. */
  async latest(originHash: string): Promise<WitnessResponse> {
    const key = this.#options.logs.find(({ name }) => encodeHex(sha256(encodeUtf8(name))) === originHash);
    const head = key === undefined ? null : await this.#options.store.read(key.name);
    return head === null ? answer(404, 'unknown log\n') : answer(200, head.note);
  }

  async #cosign(request: AddCheckpoint, text: string): Promise<WitnessResponse> {
    const { store, signer, clock } = this.#options;
    const { oldSize, path, note, checkpoint } = request;
    const { origin, size, root } = checkpoint;
    const seen = (await store.read(origin)) ?? null;
    const seenSize = seen?.size ?? 0;
    if (oldSize !== seenSize) return answer(409, `${seenSize}\n`, 'text/x.tlog.size');
    if (seen !== null && size === seenSize && !equalBytes(seen.root, root)) {
      return answer(422, 'another root was cosigned at this size\n');
    }
    if (!isConsistent(seen, { size, root, path })) return answer(422, 'consistency proof does not verify\n');
    const cosignature = formatSignatureLine(signCosignature(text, signer, Math.floor(clock.now() / 1000)));
    const witnessed = { size, root, note: `${note}${cosignature}` };
    // SECURITY: no other answer says that it is written down.
    if ((await store.replace(origin, seen?.size ?? null, witnessed)) !== true) {
      const current = await store.read(origin);
      return answer(409, `${current?.size ?? 0}\n`, 'text/x.tlog.size');
    }
    return answer(200, cosignature);
  }

  /** One request of a log after the other; logs do not wait for each other. */
  #inTurn<T>(origin: string, action: () => Promise<T>): Promise<T> {
    const result = (this.#turns.get(origin) ?? Promise.resolve()).then(action);
    this.#turns.set(
      origin,
      result.catch(() => undefined),
    );
    return result;
  }
}

type AddCheckpoint = ReturnType<typeof parseAddCheckpoint>;

function readRequest(body: Uint8Array): AddCheckpoint | WitnessResponse {
  try {
    const request = parseAddCheckpoint(body);
    parseNote(request.note);
    return request;
  } catch (error) {
    if (!isExoArmurError(error)) throw error;
    return answer(400, `malformed request: ${error.code}\n`);
  }
}

function isConsistent(
  seen: WitnessedHead | null,
  next: { readonly size: number; readonly root: Uint8Array; readonly path: readonly Uint8Array[] },
): boolean {
  // Everything grew out of the empty log, so there is nothing to prove and nothing may be sent.
  if (seen === null || seen.size === 0) {
    return next.path.length === 0 && (next.size > 0 || equalBytes(next.root, emptyRoot()));
  }
  const claim = { size1: seen.size, root1: seen.root, size2: next.size, root2: next.root, path: next.path };
  return verifyConsistency(claim).outcome === 'valid';
}

function answer(
  status: WitnessResponse['status'],
  body: string,
  type: WitnessResponse['type'] = 'text/plain; charset=utf-8',
): WitnessResponse {
  return { status, type, body };
}
