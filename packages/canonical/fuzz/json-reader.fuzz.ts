import { readdirSync, readFileSync } from 'node:fs';
import { jsonReaderLaw, legacyReaderLaw } from '../test/laws.ts';
import type { SeededRandom } from '../test/random.ts';

const SEEDS = new URL('../../../spec/vectors/fuzz/json-reader/', import.meta.url);
const ENCODER = new TextEncoder();

/** Fragments that readers are known to trip over. */
const FRAGMENTS = [
  '"__proto__"',
  '"constructor"',
  '"a"',
  '"\\u0061"',
  '"\\ud83d\\ude00"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"é\u2028\u007f"',
  '"\\u0000\\b\\f\\n\\r\\t\\/\\\\\\""',
  '"\\ud"',
  '"\\\\ud800"',
  '0',
  '-0',
  '-0.0e1',
  '1e400',
  '-1e-400',
  '9007199254740991',
  '9007199254740992',
  '9007199254740991.5',
  '4503599627370496.5',
  '1e-400',
  '1.50e1',
  '0.1',
  '1E+2',
  '5e-324',
  '123456789012345678901234567890',
  '1.',
  '.1',
  '01',
  '+1',
  'true',
  'false',
  'null',
  'NaN',
  '-Infinity',
  'nul',
  '\ufeff',
  '\u00a0',
  '/**/',
  ',',
  ':',
  '[',
  ']',
  '{',
  '}',
  '"',
  '\\',
  '\u0001',
];

const seeds = readdirSync(SEEDS).map((file) => new Uint8Array(readFileSync(new URL(file, SEEDS))));

/** One input: mostly JSON text with something odd in it, sometimes a mutated seed, sometimes plain noise. */
export function generate(random: SeededRandom): Uint8Array {
  const kind = random.below(10);
  if (kind === 0) return random.bytes(random.below(64));
  if (kind <= 3 && seeds.length > 0) return mutate(random.pick(seeds), random);
  const document = ENCODER.encode(generateValue(random, random.below(7)));
  return kind <= 6 ? document : mutate(document, random);
}

/** Every law that holds for any bytes. */
export function check(input: Uint8Array): void {
  jsonReaderLaw(input);
  legacyReaderLaw(input);
}

function generateValue(random: SeededRandom, depth: number): string {
  if (depth === 0) return random.below(3) === 0 ? generateNumber(random) : random.pick(FRAGMENTS);
  const space = random.pick(['', '', '', ' ', '\n', '\t\r']);
  const count = random.below(5);
  if (random.below(12) === 0) {
    const nesting = random.pick([63, 64, 65, 200]);
    return '['.repeat(nesting) + generateValue(random, 0) + ']'.repeat(nesting);
  }
  if (random.below(2) === 0) {
    const elements = Array.from({ length: count }, () => generateValue(random, depth - 1));
    return `[${space}${elements.join(`${space},`)}]${space}`;
  }
  const members = Array.from(
    { length: count },
    () => `${generateKey(random)}${space}:${generateValue(random, depth - 1)}`,
  );
  return `${space}{${members.join(`,${space}`)}${space}}`;
}

function generateKey(random: SeededRandom): string {
  if (random.below(3) > 0)
    return JSON.stringify(random.pick(['a', 'b', 'ab', '1', '10', '2', '', '\uffff', '😀', 'é']));
  return random.pick(FRAGMENTS);
}

function generateNumber(random: SeededRandom): string {
  const digits = Array.from({ length: 1 + random.below(18) }, () => random.below(10)).join('');
  return (
    random.pick(['', '-']) + digits + random.pick(['', `.${digits}`, `e${random.below(330)}`, `e-${random.below(330)}`])
  );
}

function mutate(input: Uint8Array, random: SeededRandom): Uint8Array {
  let bytes = [...input];
  for (let round = 1 + random.below(4); round > 0; round--) {
    const at = random.below(bytes.length + 1);
    switch (random.below(5)) {
      case 0:
        bytes.splice(at, 1 + random.below(3));
        break;
      case 1:
        bytes.splice(at, 0, random.below(256));
        break;
      case 2:
        bytes.splice(at, 0, ...ENCODER.encode(random.pick(FRAGMENTS)));
        break;
      case 3:
        if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
        break;
      default:
        bytes = [...bytes.slice(0, at), ...bytes.slice(random.below(bytes.length + 1))];
    }
  }
  return Uint8Array.from(bytes.slice(0, 4096));
}
