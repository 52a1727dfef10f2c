import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { buildSchemaDocuments, findLockViolations, formatSchema } from '../scripts/schema-documents.ts';
import * as publicApi from '../src/index.ts';

const root = fileURLToPath(new URL('../../../spec/schemas/', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const documents = buildSchemaDocuments();
const lock = JSON.parse(read('v1.lock.json')) as Record<string, string>;

test('no V1 schema differs from its lock', () => {
  expect(findLockViolations(read('v1.lock.json'), documents)).toEqual([]);
});

test('the lock holds every V1 file with the SHA-256 of its bytes', () => {
  const files = readdirSync(join(root, 'v1')).sort();
  expect(Object.keys(lock).sort()).toEqual(files.map((file) => `v1/${file}`));
  for (const file of files) {
    expect(lock[`v1/${file}`]).toBe(
      createHash('sha256')
        .update(read(`v1/${file}`))
        .digest('hex'),
    );
  }
});

test('the V1 contracts of the ancestor are among the locked ones', () => {
  const names = [
    'TelemetryEventV1',
    'SignalFactsV1',
    'BeliefV1',
    'LocalDecisionV1',
    'ExecutionIntentV1',
    'AuditRecordV1',
  ];
  expect(Object.keys(lock)).toEqual(expect.arrayContaining(names.map((name) => `v1/${name}.json`)));
});

test('a changed, a removed and an unreadable locked schema are each reported', () => {
  const path = 'v1/AuditRecordV1.json';
  const changed = new Map(documents).set(path, `${documents.get(path) ?? ''} `);
  expect(findLockViolations(read('v1.lock.json'), changed)).toEqual([path]);
  const removed = new Map([...documents].filter(([name]) => name !== path));
  expect(findLockViolations(read('v1.lock.json'), removed)).toEqual([path]);
  expect(() => findLockViolations('{"v1/x.json":1}', documents)).toThrow();
});

test('every schema says what it is, and nothing internal is left in it', () => {
  for (const [path, text] of documents) {
    if (!/^[a-z0-9]+\/\w+\.json$/.test(path)) continue;
    const schema = JSON.parse(text) as Record<string, unknown>;
    const name = path.replace(/^.*\/|\.json$/g, '');
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `urn:exoarmur:schema:${name}`,
      title: name,
    });
    expect(text).not.toContain('x-unsaid-rule');
  }
});

test('no name is used twice, and the index lists every schema', () => {
  const paths = [...documents.keys()].filter((path) => path.includes('/'));
  expect(new Set(paths.map((path) => path.replace(/^.*\//, ''))).size).toBe(paths.length);
  for (const path of paths) expect(documents.get('README.md')).toContain(`](${path})`);
});

test('every object of a V1 model refuses unknown members', () => {
  const audit = JSON.parse(documents.get('v1/AuditRecordV1.json') ?? '{}') as Record<string, unknown>;
  expect(audit).toMatchObject({ type: 'object', additionalProperties: false });
  expect(audit.required).toHaveLength(11);
  expect(Object.keys(audit.properties as object).slice(0, 3)).toEqual(['schema_version', 'audit_id', 'tenant_id']);
});

test('a rule that only code can check is announced in words', () => {
  for (const path of [
    'v1/SignatureInfoV1.json',
    'v1/CatalogEvent.json',
    'v1/LegacyTime.json',
    'v1/SignalSubject.json',
  ]) {
    expect(JSON.parse(documents.get(path) ?? '{}')).toMatchObject({
      description: expect.stringContaining('not expressed here'),
    });
  }
});

test('a rule that only code can check is refused without words, also deep inside and under a default', () => {
  const even = z.number().refine((n) => n % 2 === 0);
  expect(() => formatSchema('Even', z.strictObject({ list: z.array(even.default(0)) }))).toThrow(
    /^Even: .*description$/,
  );
  expect(() => formatSchema('Custom', z.custom())).toThrow(TypeError);
  expect(formatSchema('Even', even.meta({ description: 'even' }))).toContain('"description": "even"');
});

test('a published schema that belongs to no group stops the generator', () => {
  const exported = { ...publicApi, orphanSchema: z.string() };
  expect(() => buildSchemaDocuments(exported)).toThrow('orphanSchema is in no group of schemas');
});

test('keywords stand in one order, members in the order of definition', () => {
  const text = formatSchema('Pair', z.strictObject({ title: z.string(), a: z.int().default(1) }));
  expect(Object.keys(JSON.parse(text))).toEqual([
    '$schema',
    '$id',
    'title',
    'additionalProperties',
    'properties',
    'required',
    'type',
  ]);
  expect(Object.keys(JSON.parse(text).properties)).toEqual(['title', 'a']);
});
