/**
 * Which texts were seen, in eight bytes each: two 32-bit hashes in an open table. A text that was seen is always found. One
 * that was not is taken for seen with a chance of about n/2^64, and whoever picks texts can make two collide: a hit may
 * fail evidence, it must never pass it.
 */
export class IdSet {
  #slots = new Uint32Array(2 * FIRST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a text; false when it is there already. */
  add(text: string): boolean {
    if (4 * (this.#size + 1) > this.#slots.length) this.#grow();
    const [high, low] = hashesOf(text);
    if (!put(this.#slots, high, low)) return false;
    this.#size += 1;
    return true;
  }

  #grow(): void {
    const larger = new Uint32Array(2 * this.#slots.length);
    for (let i = 0; i < this.#slots.length; i += 2) {
      const [high, low] = [this.#slots[i] as number, this.#slots[i + 1] as number];
      if (high !== 0 || low !== 0) put(larger, high, low);
    }
    this.#slots = larger;
  }
}

/** Slots at first; a power of two, kept at most half full. */
const FIRST_SLOTS = 1024;

function put(slots: Uint32Array, high: number, low: number): boolean {
  const mask = slots.length / 2 - 1;
  for (let slot = low & mask; ; slot = (slot + 1) & mask) {
    const [h, l] = [slots[2 * slot] as number, slots[2 * slot + 1] as number];
    if (h === high && l === low) return false;
    if (h === 0 && l === 0) {
      slots[2 * slot] = high;
      slots[2 * slot + 1] = low;
      return true;
    }
  }
}

/** Two multiplicative hashes over UTF-16 units with different odd constants, mixed at the end; never both zero. */
function hashesOf(text: string): readonly [number, number] {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b + unit, 0x85ebca6b) ^ (b >>> 13);
  }
  a = Math.imul(a ^ (a >>> 15) ^ text.length, 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x27d4eb2f);
  const [high, low] = [(a ^ (a >>> 16)) >>> 0, (b ^ (b >>> 15)) >>> 0];
  return high === 0 && low === 0 ? [1, 0] : [high, low];
}
