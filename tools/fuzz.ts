import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SeededRandom } from '../packages/canonical/test/random.ts';

/** What a file packages/NAME/fuzz/TARGET.fuzz.ts exports. `check` throws when a law does not hold for the input. */
interface FuzzTarget {
  generate(random: SeededRandom): Uint8Array;
  check(input: Uint8Array): void;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HELP = `usage: npm run fuzz -- TARGET [--seconds N] [--seed N] [--out DIR]

Feeds generated inputs to the laws of packages/*/fuzz/TARGET.fuzz.ts until the time is over or ten inputs have failed. The
same seed gives the same inputs. A failing input is written to DIR; once understood, it is kept in
spec/vectors/fuzz/TARGET, where the unit tests replay it.

  --seconds N   how long to run (default 60)
  --seed N      first state of the generator (default 1)
  --out DIR     where failing inputs go (default reports/fuzz/TARGET)

Exit code: 0 no law was broken, 1 some law was, 2 the target cannot be run.
`;
const MAX_FAILURES = 10;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [name = ''] = positionals;
  const file = findTarget(name);
  const seconds = Number(values.seconds);
  const seed = Number(values.seed);
  if (values.help || file === undefined || !(seconds > 0) || !Number.isSafeInteger(seed)) {
    (values.help ? process.stdout : process.stderr).write(`${HELP}\ntargets: ${listTargets().join(', ')}\n`);
    return values.help ? 0 : 2;
  }
  const target = (await import(file)) as FuzzTarget;
  return run(target, name, seconds, seed, values.out ?? join(ROOT, 'reports', 'fuzz', name));
}

function run(target: FuzzTarget, name: string, seconds: number, seed: number, out: string): number {
  const random = new SeededRandom(seed);
  const end = performance.now() + seconds * 1000;
  let inputs = 0;
  let bytes = 0;
  let failures = 0;
  while (failures < MAX_FAILURES && (inputs % 256 !== 0 || performance.now() < end)) {
    const input = target.generate(random);
    inputs++;
    bytes += input.length;
    try {
      target.check(input);
    } catch (error) {
      failures++;
      const path = join(out, `${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`);
      mkdirSync(out, { recursive: true });
      writeFileSync(path, input);
      process.stdout.write(`input ${inputs}: ${error instanceof Error ? error.message : String(error)} (${path})\n`);
    }
  }
  process.stdout.write(`${name}: ${inputs} inputs, ${bytes} bytes, seed ${seed}, ${failures} broken laws\n`);
  return failures === 0 ? 0 : 1;
}

function targetFolders(): string[] {
  const packages = join(ROOT, 'packages');
  return readdirSync(packages)
    .map((folder) => join(packages, folder, 'fuzz'))
    .filter((folder) => existsSync(folder));
}

function listTargets(): string[] {
  return targetFolders()
    .flatMap((folder) => readdirSync(folder))
    .filter((file) => file.endsWith('.fuzz.ts'))
    .map((file) => file.slice(0, -'.fuzz.ts'.length))
    .sort();
}

function findTarget(name: string): string | undefined {
  if (!listTargets().includes(name)) return undefined;
  return targetFolders()
    .map((folder) => join(folder, `${name}.fuzz.ts`))
    .find((file) => existsSync(file));
}
