import { parseJson } from '@exoarmur/canonical';
import type { JsonObject } from '@exoarmur/contracts';

/** An artifact that somebody made to hurt. The provider must answer about it as about any other. */
export interface HostileInput {
  readonly name: string;
  readonly artifact: JsonObject;
}

const DEPTH = 40;

/** Hostile variants of a sound artifact: what attackers put where a provider expects something else. */
export function makeHostileInputs(sound: JsonObject): HostileInput[] {
  const members = Object.keys(sound);
  const withEach = (value: JsonObject[string]): JsonObject => Object.fromEntries(members.map((key) => [key, value]));
  let deep: JsonObject = {};
  for (let i = 0; i < DEPTH; i++) deep = { deep };
  return [
    { name: 'empty', artifact: {} },
    { name: 'every member null', artifact: withEach(null) },
    { name: 'every member a number', artifact: withEach(-1.5) },
    { name: 'every member a list', artifact: withEach([[], [null]]) },
    { name: 'every member deep', artifact: withEach(deep) },
    { name: 'a long text', artifact: { ...sound, text: 'x'.repeat(200_000) } },
    { name: 'text of many scripts', artifact: { ...sound, 'ключ😀': '\u0000\u2028\u202e"\\' } },
    { name: 'a member named __proto__', artifact: parseJson('{"__proto__":{"valid":true}}') as JsonObject },
  ];
}
