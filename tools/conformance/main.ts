import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCedar } from './cedar.ts';
import { runSpeccheck, runWycheproof } from './ed25519.ts';
import { runFloats } from './floats.ts';
import { runJcs } from './jcs.ts';
import { runMerkle } from './merkle.ts';
import type { SuiteOptions, SuiteResult } from './suite.ts';
import { runTessera } from './tessera.ts';

const HELP = `usage: npm run conformance -- DIR [--floats N] [--json]

Runs public test suites from the folder DIR against this implementation. DIR holds
  jcs/                  cyberphone/json-canonicalization testdata
  wycheproof/           C2SP/wycheproof testvectors_v1
  ed25519-speccheck/    novifinancial/ed25519-speccheck cases.json
  rfc6962-merkle/       transparency-dev/merkle testdata
  tessera-log/          transparency-dev/tessera testdata/log
  cedar/                cedar-policy/cedar-integration-tests, with corpus-tests.tar.gz

  --floats N   numbers of the published ECMAScript sequence: 1000, 10000, ... 100000000 (default 1000000)
  --json       one JSON object instead of lines
  --help       this text

Exit code: 0 every case agrees, 1 some case does not, 2 the suites cannot be run.
`;

type Suite = (options: SuiteOptions) => SuiteResult | Promise<SuiteResult>;
const SUITES: readonly Suite[] = [runJcs, runFloats, runWycheproof, runSpeccheck, runMerkle, runTessera, runCedar];

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof parseCommandLine>;
  try {
    parsed = parseCommandLine(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (parsed.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const results: SuiteResult[] = [];
  for (const suite of SUITES) {
    try {
      results.push(await suite(parsed.options));
    } catch (error) {
      process.stderr.write(`conformance: ${(error as Error).message}\n`);
      return 2;
    }
    if (!parsed.json) process.stdout.write(formatResult(results.at(-1) as SuiteResult));
  }
  const failed = results.filter(({ mismatches }) => mismatches.length > 0).length;
  if (parsed.json) process.stdout.write(`${JSON.stringify({ passed: failed === 0, suites: results }, null, 2)}\n`);
  return failed === 0 ? 0 : 1;
}

function parseCommandLine(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      floats: { type: 'string', default: '1000000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (!values.help && positionals.length !== 1) throw new Error('conformance: give one folder');
  const options = { folder: resolve(positionals[0] ?? '.'), floats: Number(values.floats) };
  return { options, json: values.json, help: values.help };
}

function formatResult({ suite, cases, mismatches, remark }: SuiteResult): string {
  const verdict = mismatches.length === 0 ? 'ok  ' : 'FAIL';
  const note = remark === undefined ? '' : ` (${remark})`;
  const details = mismatches.slice(0, 20).map((mismatch) => `       ${mismatch}\n`);
  const rest = mismatches.length > 20 ? `       and ${mismatches.length - 20} more\n` : '';
  return `${verdict} ${suite}: ${cases} cases, ${mismatches.length} mismatches${note}\n${details.join('')}${rest}`;
}
