import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one suite found. A suite that ran nothing has failed. */
export interface SuiteResult {
  readonly suite: string;
  readonly cases: number;
  /** One line for each case whose answer was not the expected one. */
  readonly mismatches: readonly string[];
  /** What a reader should know about the numbers. */
  readonly remark?: string;
}

/** Options that reach every suite. */
export interface SuiteOptions {
  readonly folder: string;
  /** How many numbers of the published sequence to check: a power of ten from 1,000 to 100,000,000. */
  readonly floats: number;
}

/** Collects the cases of one suite. */
export class Tally {
  readonly mismatches: string[] = [];
  cases = 0;

  check(name: string, passed: boolean): void {
    this.cases++;
    if (!passed) this.mismatches.push(name);
  }

  result(suite: string, remark?: string): SuiteResult {
    const mismatches = this.cases === 0 ? ['the suite holds no case'] : this.mismatches;
    return { suite, cases: this.cases, mismatches, ...(remark === undefined ? {} : { remark }) };
  }
}

/** The folder of a suite. @throws Error naming the suite when it is missing. */
export function suiteFolder(root: string, name: string): string {
  const folder = join(root, name);
  if (!existsSync(folder)) throw new Error(`suite folder ${name} is missing`);
  return folder;
}

/** Reads a JSON file. */
export function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as T;
}

/** Reads a file's bytes. */
export function readBytes(...path: string[]): Uint8Array {
  return new Uint8Array(readFileSync(join(...path)));
}

/** All files below a folder, as paths relative to it, sorted. */
export function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
