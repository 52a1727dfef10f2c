import { tmpdir } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestReport } from '../test-report.ts';
import { formatGoldens, parseTestReport } from '../test-report.ts';
import { compareRuns, runElsewhere } from './stability.ts';

const config = ['--config', 'tools/gates/fixtures/stability/vitest.config.ts'];
let runs: TestReport[];

beforeAll(() => {
  runs = [
    runElsewhere({ seed: 1, TZ: 'UTC', LANG: 'en_US.UTF-8', cwd: tmpdir() }, config).report,
    runElsewhere({ seed: 2, TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', cwd: tmpdir() }, config).report,
    runElsewhere({ seed: 3, TZ: 'America/St_Johns', LANG: 'C', cwd: tmpdir() }, config).report,
  ];
}, 60_000);

const about = (file: string): string[] => compareRuns(runs).filter((finding) => finding.includes(`/${file}.test.ts`));

describe('stability over three runs', () => {
  it('finds a test that depends on the order', () => {
    expect(about('order-dependent').join()).toMatch(/passed.*failed|failed.*passed/);
  });

  it('finds a test that depends on the time zone', () => {
    expect(about('local-time')).toEqual([expect.stringContaining('passed, failed, failed')]);
  });

  it('finds a test that depends on the language', () => {
    expect(about('local-language')).toEqual([expect.stringContaining('passed, failed, passed')]);
  });

  it('finds a golden output that holds a time', () => {
    expect(about('timestamped-golden')).toEqual([expect.stringContaining(':: report.txt: golden output differs')]);
  });

  it('finds a test that is absent from one run', () => {
    expect(about('sometimes-present')).toEqual([expect.stringContaining('passed, passed, absent')]);
  });

  it('finds nothing in a steady test, and keeps the digest of its output', () => {
    expect(about('steady')).toEqual([]);
    expect([...(runs[0]?.goldens.keys() ?? [])].filter((id) => id.includes('answer.txt'))).toHaveLength(1);
  });
});

describe('test report', () => {
  const file = (status: string, assertionResults: object[]) => ({ name: '/r/a.test.ts', status, assertionResults });
  const parse = (...testResults: object[]) => parseTestReport(JSON.stringify({ testResults }), '/r');

  it('counts a file that failed before its tests ran', () => {
    expect(parse(file('failed', []))).toMatchObject({ passed: 0, failed: 1 });
  });

  it('keeps two tests of the same name apart', () => {
    const twice = parse(
      file('failed', [
        { fullName: 'x', status: 'passed' },
        { fullName: 'x', status: 'failed' },
      ]),
    );
    expect([...twice.outcomes]).toEqual([
      ['a.test.ts > x', 'passed'],
      ['a.test.ts > x #2', 'failed'],
    ]);
    expect(twice).toMatchObject({ passed: 1, failed: 1 });
  });

  it('writes golden digests in one order whatever the order of the run', () => {
    const one = file('passed', [{ fullName: 'x', status: 'passed', meta: { golden: { b: '2', a: '1' } } }]);
    const other = file('passed', [{ fullName: 'x', status: 'passed', meta: { golden: { a: '1', b: '2' } } }]);
    expect(formatGoldens(parse(one))).toBe(formatGoldens(parse(other)));
  });
});
