import {
  CanonicalError,
  canonicalize,
  decodeUtf8,
  encodeHex,
  equalBytes,
  parseCanonicalJson,
  parseJson,
} from '../../packages/canonical/src/index.ts';
import { listFiles, readBytes, type SuiteOptions, type SuiteResult, suiteFolder, Tally } from './suite.ts';

/** One published input leaves I-JSON: it holds the integer 1E30, which no double can tell from its neighbours. */
const OUTSIDE_PROFILE = { file: 'values.json', pointer: '/numbers/1', lexeme: '1E30' };

/** RFC 8785 testdata: input, output and output in hexadecimal. */
export function runJcs({ folder }: SuiteOptions): SuiteResult {
  const root = suiteFolder(folder, 'jcs/testdata');
  const tally = new Tally();
  for (const file of listFiles(`${root}/input`)) {
    const input = readBytes(root, 'input', file);
    const output = readBytes(root, 'output', file);
    const hex = decodeUtf8(readBytes(root, 'outhex', file.replace('.json', '.txt'))).replace(/\s+/g, '');
    tally.check(`${file}: outhex differs from output`, hex === encodeHex(output));
    if (file === OUTSIDE_PROFILE.file) checkOutsideProfile(tally, decodeUtf8(input), decodeUtf8(output));
    else {
      tally.check(`${file}: canonical bytes`, canonicalize(parseJson(input)) === decodeUtf8(output));
      tally.check(`${file}: output is canonical`, canonicalize(parseCanonicalJson(output)) === decodeUtf8(output));
      tally.check(`${file}: input is canonical only when equal`, isCanonical(input) === equalBytes(input, output));
    }
  }
  return tally.result('jcs', `${OUTSIDE_PROFILE.file} holds an unsafe integer, which must be refused there`);
}

function checkOutsideProfile(tally: Tally, input: string, output: string): void {
  const { file, pointer, lexeme } = OUTSIDE_PROFILE;
  const error = refusalOf(() => parseJson(input));
  tally.check(`${file}: refused`, error?.code === 'CANONICAL_JSON_UNSAFE_INTEGER' && error.pointer === pointer);
  // With the one number that is refused taken out of both files, the rest must agree byte for byte.
  const rest = canonicalize(parseJson(input.replace(`${lexeme}, `, '')));
  tally.check(`${file}: the rest`, rest === output.replace('1e+30,', ''));
}

function isCanonical(input: Uint8Array): boolean {
  return refusalOf(() => parseCanonicalJson(input)) === undefined;
}

function refusalOf(run: () => unknown): CanonicalError | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof CanonicalError) return error;
    throw error;
  }
  return undefined;
}
