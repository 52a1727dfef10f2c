import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  ExoArmurError,
  formatPointer,
  InvariantError,
  isExoArmurError,
  pointToMember,
  pointToProblem,
  quoteForMessage,
} from './errors.ts';

class PlaneError extends ExoArmurError<'PLANE_BROKEN'> {}

test('an error carries its code, its pointer and its cause', () => {
  const cause = new Error('inner');
  const error = new PlaneError('PLANE_BROKEN', 'text', { pointer: '/a/0', cause });
  expect(error).toMatchObject({ name: 'PlaneError', code: 'PLANE_BROKEN', message: 'text', pointer: '/a/0', cause });
});

test('what is not known is not there', () => {
  const error = new PlaneError('PLANE_BROKEN', 'text');
  expect(error.pointer).toBe(undefined);
  expect(Object.hasOwn(error, 'cause')).toBe(false);
  expect(new PlaneError('PLANE_BROKEN', 'text', { pointer: '' }).pointer).toBe('');
});

test('an error of another copy of the package is recognised by its brand', () => {
  const foreign = Object.assign(new Error('x'), { code: 'X', [Symbol.for('exoarmur.error')]: true });
  expect(isExoArmurError(foreign)).toBe(true);
  expect(isExoArmurError(new PlaneError('PLANE_BROKEN', 'text'))).toBe(true);
});

test.each([
  new Error('x'),
  new InvariantError('x'),
  Object.assign(new Error('x'), { [Symbol.for('exoarmur.error')]: 'true' }),
  { code: 'X', [Symbol.for('exoarmur.error')]: true },
  null,
  'PLANE_BROKEN',
])('what is no error of ours is not taken for one (%#)', (value) => {
  expect(isExoArmurError(value)).toBe(false);
});

test.each([
  ['plain', '`plain`'],
  ['', '``'],
  ['a`b', '`a?b`'],
  ['line\nbreak\u001b[31m', '`line?break?[31m`'],
  ['\u202eright to left', '`?right to left`'],
  ['\ud800', '`?`'],
  ['PRIVATE+KEY+a+01020304+AXCV', '`(a private key)`'],
  ['key\nPRIVATE+KEY+a\nb', '`key?(a private key)`'],
  ['x'.repeat(60), `\`${'x'.repeat(60)}\``],
  ['x'.repeat(61), `\`${'x'.repeat(60)}…\``],
  ['😀'.repeat(61), `\`${'😀'.repeat(60)}…\``],
])('%j is quoted as %j', (text, quoted) => {
  expect(quoteForMessage(text)).toBe(quoted);
});

// RFC 6901, section 5.
test.each([
  [[], ''],
  [['foo', 0], '/foo/0'],
  [[''], '/'],
  [['a/b'], '/a~1b'],
  [['m~n'], '/m~0n'],
  [['~1'], '/~01'],
])('the pointer of %j is %s', (path, pointer) => {
  expect(formatPointer(path)).toBe(pointer);
});

const shape = z.strictObject({ 'a/b': z.strictObject({ count: z.int() }) });

test.each([
  [{ 'a/b': { count: 'x' } }, '/a~1b/count', '/a~1b/count'],
  [{ 'a/b': { count: 1, extra: 1, other: 2 } }, '/a~1b', '/a~1b/extra'],
  [{ 'a/b': { count: 1 }, 'x~y': 1 }, '', '/x~0y'],
  ['none', '', ''],
])('the first problem of %j is at %s, the member at %s', (value, problem, member) => {
  const { error } = shape.safeParse(value);
  expect(error === undefined ? undefined : [pointToProblem(error), pointToMember(error)]).toEqual([problem, member]);
});

test('where nothing is wrong the pointer is that of the whole value', () => {
  expect([pointToProblem({ issues: [] }), pointToMember({ issues: [] })]).toEqual(['', '']);
});
