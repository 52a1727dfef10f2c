import { decodeHex, type Ed25519Backend, ed25519Backends, verifyEd25519 } from '../../packages/canonical/src/index.ts';
import { readJson, type SuiteOptions, type SuiteResult, suiteFolder, Tally } from './suite.ts';

interface WycheproofFile {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly msg: string;
      readonly sig: string;
      readonly result: string;
    }[];
  }[];
}

interface SpeccheckCase {
  readonly message: string;
  readonly pub_key: string;
  readonly signature: string;
}

/**
 * What the profile answers to the twelve cases. Only case 3 is valid: canonical points of mixed order for which the
 * cofactorless equation holds. The others have small-order points (0 to 2, 10, 11), an equation that holds only with the
 * cofactor (4, 5), an S that is not below L (6, 7) or a non-canonical R (8, 9).
 */
const SPECCHECK_VALID: ReadonlySet<number> = new Set([3]);

const BACKENDS = Object.values(ed25519Backends) as readonly Ed25519Backend[];

/** Wycheproof Ed25519: every backend must give the published answer. */
export async function runWycheproof({ folder }: SuiteOptions): Promise<SuiteResult> {
  const root = suiteFolder(folder, 'wycheproof/testvectors_v1');
  const tally = new Tally();
  for (const group of readJson<WycheproofFile>(root, 'ed25519_test.json').testGroups) {
    for (const { tcId, msg, sig, result } of group.tests) {
      await checkAll(tally, `tcId ${tcId}`, group.publicKey.pk, msg, sig, result === 'valid');
    }
  }
  return tally.result('wycheproof-ed25519', backendNames());
}

/** The edge cases that tell implementations apart: every backend must give the profile's answer. */
export async function runSpeccheck({ folder }: SuiteOptions): Promise<SuiteResult> {
  const root = suiteFolder(folder, 'ed25519-speccheck');
  const tally = new Tally();
  for (const [index, entry] of readJson<SpeccheckCase[]>(root, 'cases.json').entries()) {
    const { pub_key, message, signature } = entry;
    await checkAll(tally, `case ${index}`, pub_key, message, signature, SPECCHECK_VALID.has(index));
  }
  return tally.result('ed25519-speccheck', backendNames());
}

async function checkAll(
  tally: Tally,
  name: string,
  publicKey: string,
  message: string,
  signature: string,
  expected: boolean,
): Promise<void> {
  const input = [decodeHex(publicKey), decodeHex(message), decodeHex(signature)] as const;
  const answers = [['default', verifyEd25519(...input)] as const];
  for (const backend of BACKENDS) answers.push([backend.name as 'default', await backend.verify(...input)]);
  const wrong = answers.filter(([, answer]) => answer !== expected).map(([backend]) => backend);
  tally.check(`${name}: ${wrong.join(', ')} should say ${expected ? 'valid' : 'invalid'}`, wrong.length === 0);
}

function backendNames(): string {
  return `identical answers from ${BACKENDS.map(({ name }) => name).join(', ')}`;
}
