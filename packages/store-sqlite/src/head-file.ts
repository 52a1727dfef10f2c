import { closeSync, fsyncSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBase64, digestBytes, encodeBase64, encodeUtf8 } from '@exoarmur/canonical';
import { isExoArmurError, type LogHead, type LogHeadKeeper, LogStoreError, scopeNameSchema } from '@exoarmur/contracts';
import { guard } from './sqlite-error.ts';

/** Bytes of one of the two slots; smaller than any disk sector, so a slot is torn only together with the sector. */
const SLOT_BYTES = 256;
const SLOT = /^exoarmur-head\/1 ([a-z0-9-]+) (0|[1-9][0-9]{0,15}) ([A-Za-z0-9+/]{43}=) (sha256:[0-9a-f]{64})\n\0*$/;
const SLOT_DOMAIN = 'exoarmur.head-slot/1';

interface Slot {
  readonly head: LogHead | null;
  readonly isBlank: boolean;
}

/** The whole file, and the size in each of its slots, -1 for none. */
interface Written {
  readonly bytes: Buffer;
  readonly sizes: [number, number];
}

/**
 * Keeps the last signed head of each tenant in a small file of its own, away from the database: `<directory>/<tenant>.head`.
 * Two slots are written in turn and each carries a check sum, so a torn write leaves the other one. A head reaches the
 * disk with the operating system's next write-back; it is forced there at {@link HeadFileKeeper.close} and by `reset`.
 */
export class HeadFileKeeper implements LogHeadKeeper {
  readonly #directory: string;
  readonly #files = new Map<string, number>();
  // What this process wrote last: the file is read again each time, but only taken apart when somebody else wrote it.
  readonly #written = new Map<string, Written>();
  readonly #read = Buffer.alloc(2 * SLOT_BYTES);
  readonly #slot = Buffer.alloc(SLOT_BYTES);

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Opens the folder, creating it with mode 0700. */
  static open(directory: string): HeadFileKeeper {
    guard(() => mkdirSync(directory, { recursive: true, mode: 0o700 }));
    return new HeadFileKeeper(directory);
  }

  async read(tenant: string): Promise<LogHead | null> {
    const slots = parseSlots(tenant, this.#readBytes(tenant));
    const heads = slots.flatMap((slot) => (slot.head === null ? [] : [slot.head]));
    if (heads.length === 0 && slots.some(({ isBlank }) => !isBlank)) {
      throw new LogStoreError('STORE_HEAD_MALFORMED', 'neither slot of the head file can be read');
    }
    return heads.reduce<LogHead | null>((best, head) => (best === null || head.size > best.size ? head : best), null);
  }

  async advance(tenant: string, head: LogHead): Promise<void> {
    const bytes = this.#readBytes(tenant);
    const written = this.#written.get(tenant);
    const known = written?.bytes.equals(bytes)
      ? written
      : {
          bytes: Buffer.from(bytes),
          sizes: parseSlots(tenant, bytes).map((slot) => slot.head?.size ?? -1) as [number, number],
        };
    if (head.size <= Math.max(...known.sizes)) return;
    const slot = known.sizes[0] <= known.sizes[1] ? 0 : 1;
    known.bytes.set(this.#writeSlot(tenant, slot, head), slot * SLOT_BYTES);
    known.sizes[slot] = head.size;
    this.#written.set(tenant, known);
  }

  async reset(tenant: string, head: LogHead | null): Promise<void> {
    const file = this.#files.get(tenant);
    if (file !== undefined) closeSync(file);
    this.#files.delete(tenant);
    guard(() => rmSync(this.#path(tenant), { force: true }));
    if (head === null) return;
    this.#writeSlot(tenant, 0, head);
    guard(() => fsyncSync(this.#file(tenant)));
  }

  /** Forces every head to the disk and closes the files. */
  async close(): Promise<void> {
    for (const file of this.#files.values()) {
      guard(() => fsyncSync(file));
      closeSync(file);
    }
    this.#files.clear();
  }

  /** What the file holds now, in a buffer that the next call uses again. */
  #readBytes(tenant: string): Buffer {
    const bytes = this.#read;
    const length = guard(() => readSync(this.#file(tenant), bytes, 0, bytes.length, 0));
    if (length < bytes.length) bytes.fill(0, length);
    return bytes;
  }

  /** Writes one slot and gives its bytes, in a buffer that the next call uses again. */
  #writeSlot(tenant: string, slot: number, head: LogHead): Buffer {
    const bytes = this.#slot;
    const text = formatHead(tenant, head);
    bytes.fill(0, bytes.write(`${text} ${digestBytes(SLOT_DOMAIN, encodeUtf8(text))}\n`, 'latin1'));
    guard(() => writeSync(this.#file(tenant), bytes, 0, SLOT_BYTES, slot * SLOT_BYTES));
    return bytes;
  }

  #file(tenant: string): number {
    let file = this.#files.get(tenant);
    if (file === undefined) {
      const path = this.#path(tenant);
      // 'a+' would ignore the position, and 'r+' does not create.
      closeSync(openSync(path, 'a', 0o600));
      file = openSync(path, 'r+');
      this.#files.set(tenant, file);
    }
    return file;
  }

  #path(tenant: string): string {
    if (!scopeNameSchema.safeParse(tenant).success) {
      throw new LogStoreError('STORE_TENANT_INVALID', 'tenant name is not valid');
    }
    return join(this.#directory, `${tenant}.head`);
  }
}

/** Opens the folder of head files. @throws LogStoreError STORE_IO */
export function openHeadFiles(directory: string): HeadFileKeeper {
  return HeadFileKeeper.open(directory);
}

function formatHead(tenant: string, { size, root }: LogHead): string {
  return `exoarmur-head/1 ${tenant} ${size} ${encodeBase64(root)}`;
}

function parseSlots(tenant: string, bytes: Uint8Array): Slot[] {
  return [0, 1].map((slot) => {
    const part = bytes.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
    return { head: parseSlot(tenant, part), isBlank: part.every((byte) => byte === 0) };
  });
}

function parseSlot(tenant: string, bytes: Uint8Array): LogHead | null {
  const match = SLOT.exec(new TextDecoder('latin1').decode(bytes));
  if (match === null || match[1] !== tenant) return null;
  const [, , size, root = '', sum] = match;
  try {
    const head = { size: Number(size), root: decodeBase64(root) };
    return digestBytes(SLOT_DOMAIN, encodeUtf8(formatHead(tenant, head))) === sum ? head : null;
  } catch (error) {
    // A root that is base64 by shape only.
    if (isExoArmurError(error)) return null;
    throw error;
  }
}
