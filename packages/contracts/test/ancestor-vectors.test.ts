import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { canonicalEventSchema } from '../src/canonical-event.ts';
import { executionIntentV1Schema } from '../src/v1/intents.ts';
import { findIssuePointers } from './model-laws.ts';

function readVectors<Shape extends z.ZodType>(name: string, shape: Shape): z.infer<Shape>[] {
  const url = new URL(`../../../spec/vectors/legacy-python/${name}.json`, import.meta.url);
  return z
    .array(shape)
    .min(1)
    .parse(JSON.parse(readFileSync(url, 'utf8')));
}

const events = readVectors(
  'canonical-events',
  z.looseObject({ name: z.string(), fields_json: z.string(), construct_error: z.unknown().optional() }),
);

/** What is wrong in shape; the other refusals of the ancestor are about the value of a hash. */
const MALFORMED = new Map([
  ['missing-required-actor', ['/actor']],
  ['missing-payload-hash', ['/payload_hash']],
  ['unknown-field', ['']],
]);

test.each(events.map(({ name, fields_json: text }) => ({ name, text })))(
  'the canonical event $name is accepted or refused as it was',
  ({ name, text }) => {
    expect(findIssuePointers(canonicalEventSchema, JSON.parse(text))).toEqual(MALFORMED.get(name) ?? []);
  },
);

test('every malformed event is among the vectors, and the ancestor refused it too', () => {
  const refused = events.filter((event) => event.construct_error !== undefined).map((event) => event.name);
  expect(refused).toEqual(expect.arrayContaining([...MALFORMED.keys()]));
});

const intents = readVectors(
  'intent-hash',
  z.looseObject({ name: z.string(), intent_json: z.string(), canonical: z.string() }),
);

test.each(intents.map(({ name, intent_json: text, canonical }) => ({ name, text, canonical })))(
  'the execution intent $name is read with the members the ancestor hashed',
  ({ text, canonical }) => {
    const intent = executionIntentV1Schema.parse(JSON.parse(text));
    expect(Object.keys(intent).sort()).toEqual(Object.keys(JSON.parse(canonical)).sort());
  },
);

test('an intent in the form the ancestor hashed is read back unchanged', () => {
  for (const { canonical } of intents) {
    expect(executionIntentV1Schema.parse(JSON.parse(canonical))).toEqual(JSON.parse(canonical));
  }
});
