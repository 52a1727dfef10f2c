import { joinPointer } from '@exoarmur/canonical';
import { parseDocument } from 'yaml';
import { PolicyError } from '../errors.ts';

/** A value that YAML and JSON share. */
export type YamlValue = null | boolean | number | string | readonly YamlValue[] | YamlObject;

/** A mapping with text keys. */
export type YamlObject = { readonly [name: string]: YamlValue };

const MAX_DEPTH = 64;

/**
 * Reads one YAML 1.2 document (core schema; JSON is a part of it) that means the same to every reader: no aliases, no tags
 * of its own, no key twice, no number that would be rounded. @throws PolicyError POLICY_CASES_MALFORMED
 */
export function parseYaml(text: string): YamlValue {
  let value: unknown;
  let problem: string | undefined;
  try {
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      intAsBigInt: true,
      stringKeys: true,
      prettyErrors: false,
      logLevel: 'error',
    });
    problem = [...document.errors, ...document.warnings][0]?.message;
    // SECURITY: an alias is refused instead of being expanded; a few of them can stand for a text of any size.
    value = problem === undefined ? document.toJS({ maxAliasCount: 0 }) : undefined;
  } catch (error) {
    // The reader throws whatever it is for aliases, and a RangeError for what is nested beyond its stack.
    if (!(error instanceof Error)) throw error;
    problem = error.message;
  }
  if (problem !== undefined) {
    const line = problem.replace(/[\s\p{C}]+/gu, ' ').slice(0, 200);
    throw new PolicyError('POLICY_CASES_MALFORMED', `the text is not plain yaml: ${line}`, { pointer: '' });
  }
  return narrow(value, '', 0);
}

function narrow(value: unknown, at: string, depth: number): YamlValue {
  if (depth > MAX_DEPTH) throw refused(at, 'it is nested too deep');
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint') {
    if (!Number.isSafeInteger(Number(value))) throw refused(at, 'the whole number is too large to be exact');
    return Number(value);
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw refused(at, 'the number is not finite');
    return value;
  }
  if (Array.isArray(value)) return value.map((item, n) => narrow(item, `${at}/${n}`, depth + 1));
  if (
    typeof value !== 'object' ||
    Object.getPrototypeOf(value) !== Object.prototype ||
    Object.hasOwn(value, '__proto__')
  ) {
    throw refused(at, 'the value has no place in json');
  }
  const entries = Object.entries(value).map(([name, member]) => {
    const pointer = joinPointer(at, name);
    return [name, narrow(member, pointer, depth + 1)] as const;
  });
  return Object.fromEntries(entries);
}

function refused(pointer: string, message: string): PolicyError {
  return new PolicyError('POLICY_CASES_MALFORMED', message, { pointer: pointer.slice(0, 512) });
}
