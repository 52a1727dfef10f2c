// SHA-256 (FIPS 180-4) over bytes in memory.

const K: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
];

const INITIAL: StaticArray<u32> = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/** Writes the 32 bytes of the digest of `length` bytes at `from` to `to`. */
export function sha256(from: u32, length: u32, to: u32): void {
  const state = <u32>heap.alloc(32);
  const words = <u32>heap.alloc(256);
  for (let i: u32 = 0; i < 8; i++) store<u32>(state + 4 * i, unchecked(INITIAL[i]));
  let at: u32 = 0;
  for (; at + 64 <= length; at += 64) compress(state, words, from + at);
  // The rest, a one bit, zeros and the length in bits.
  const last = <u32>heap.alloc(128);
  for (let i: u32 = 0; i < 128; i++) store<u8>(last + i, 0);
  const rest = length - at;
  for (let i: u32 = 0; i < rest; i++) store<u8>(last + i, load<u8>(from + at + i));
  store<u8>(last + rest, 0x80);
  const end: u32 = rest < 56 ? 64 : 128;
  store<u64>(last + end - 8, bswap<u64>((<u64>length) << 3));
  compress(state, words, last);
  if (end === 128) compress(state, words, last + 64);
  for (let i: u32 = 0; i < 8; i++) store<u32>(to + 4 * i, bswap<u32>(load<u32>(state + 4 * i)));
}

function compress(state: u32, words: u32, block: u32): void {
  for (let i: u32 = 0; i < 16; i++) store<u32>(words + 4 * i, bswap<u32>(load<u32>(block + 4 * i)));
  for (let i: u32 = 16; i < 64; i++) {
    const w15 = load<u32>(words + 4 * (i - 15));
    const w2 = load<u32>(words + 4 * (i - 2));
    const s0 = rotr<u32>(w15, 7) ^ rotr<u32>(w15, 18) ^ (w15 >> 3);
    const s1 = rotr<u32>(w2, 17) ^ rotr<u32>(w2, 19) ^ (w2 >> 10);
    store<u32>(words + 4 * i, load<u32>(words + 4 * (i - 16)) + s0 + load<u32>(words + 4 * (i - 7)) + s1);
  }
  let a = load<u32>(state);
  let b = load<u32>(state + 4);
  let c = load<u32>(state + 8);
  let d = load<u32>(state + 12);
  let e = load<u32>(state + 16);
  let f = load<u32>(state + 20);
  let g = load<u32>(state + 24);
  let h = load<u32>(state + 28);
  for (let i: u32 = 0; i < 64; i++) {
    const s1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
    const t1 = h + s1 + ((e & f) ^ (~e & g)) + unchecked(K[i]) + load<u32>(words + 4 * i);
    const s0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  store<u32>(state, load<u32>(state) + a);
  store<u32>(state + 4, load<u32>(state + 4) + b);
  store<u32>(state + 8, load<u32>(state + 8) + c);
  store<u32>(state + 12, load<u32>(state + 12) + d);
  store<u32>(state + 16, load<u32>(state + 16) + e);
  store<u32>(state + 20, load<u32>(state + 20) + f);
  store<u32>(state + 24, load<u32>(state + 24) + g);
  store<u32>(state + 28, load<u32>(state + 28) + h);
}
