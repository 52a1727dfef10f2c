import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import before from './fixtures/schemas/before.json' with { type: 'json' };
import enumShrunk from './fixtures/schemas/enum-shrunk.json' with { type: 'json' };
import tightened from './fixtures/schemas/limit-tightened.json' with { type: 'json' };
import memberRemoved from './fixtures/schemas/member-removed.json' with { type: 'json' };
import newRequired from './fixtures/schemas/new-required-member.json' with { type: 'json' };
import added from './fixtures/schemas/optional-member-added.json' with { type: 'json' };
import typeChanged from './fixtures/schemas/type-changed.json' with { type: 'json' };
import { createBaseline, findLockBreaks, findSchemaBreaks } from './schemas.ts';

const files = (schema: object, path = 'exoarmur/intent.json') => new Map([[path, JSON.stringify(schema)]]);
const baseline = createBaseline(files(before));

describe('additive schemas', () => {
  it.each([
    ['a removed member', memberRemoved, '/note: removed'],
    ['a new required member', newRequired, '/owner#required: newly required'],
    ['a shrunk enum', enumShrunk, '/verdict#enum: lost ["deny"]'],
    ['a changed type', typeChanged, '/count#type: was "integer", is "string"'],
    ['a tighter limit', tightened, '/note#maxLength: was 64, is 8'],
  ])('refuse %s', (_, schema, message) => {
    expect(findSchemaBreaks(baseline, files(schema)).join('\n')).toContain(message);
  });

  it('refuse a removed schema', () => {
    expect(findSchemaBreaks(baseline, new Map())).toEqual(['exoarmur/intent.json: removed']);
  });

  it('refuse a schema nobody accepted', () => {
    expect(findSchemaBreaks({}, files(before))).toEqual(['exoarmur/intent.json: not in the baseline, accept it']);
  });

  it('accept the same schema and an optional member more', () => {
    expect(findSchemaBreaks(baseline, files(before))).toEqual([]);
    expect(findSchemaBreaks(baseline, files(added))).toEqual([]);
  });
});

describe('locked schemas', () => {
  const text = JSON.stringify(before);
  const lock = { 'v1/belief.json': createHash('sha256').update(text).digest('hex') };

  it.each([
    ['a change of one byte', new Map([['v1/belief.json', `${text}\n`]]), 'v1/belief.json: locked, changed'],
    ['even an added member', files(added, 'v1/belief.json'), 'v1/belief.json: locked, changed'],
    ['a missing file', new Map<string, string>(), 'v1/belief.json: locked, missing'],
  ])('refuse %s', (_, now, message) => {
    expect(findLockBreaks(lock, now)).toEqual([message]);
  });

  it('refuse a V1 schema outside the lock', () => {
    expect(findLockBreaks({}, files(before, 'v1/belief.json'))).toEqual(['v1/belief.json: not locked']);
  });

  it('accept the bytes they lock', () => {
    expect(findLockBreaks(lock, files(before, 'v1/belief.json'))).toEqual([]);
  });
});
