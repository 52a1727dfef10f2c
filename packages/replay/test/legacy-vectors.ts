import { readFileSync } from 'node:fs';
import {
  createLegacyEvent,
  type LegacyEvent,
  type LegacyObject,
  type LegacyValue,
  parseLegacyJson,
} from '@exoarmur/canonical/legacy-python';

/** A vector file of the Python ancestor. */
export function readVectors<Shape>(name: string): Shape {
  const url = new URL(`../../../spec/vectors/legacy-python/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Shape;
}

/** Events of a vector, read without loss. */
export function eventsOf(text: string): LegacyEvent[] {
  return (parseLegacyJson(text) as LegacyValue[]).map((fields) => createLegacyEvent(fields as LegacyObject));
}

/** Events of each node of a vector. */
export function inputsOf(text: string): Map<string, LegacyEvent[]> {
  const inputs = parseLegacyJson(text) as ReadonlyMap<string, readonly LegacyValue[]>;
  return new Map(
    [...inputs].map(([node, events]) => [node, events.map((fields) => createLegacyEvent(fields as LegacyObject))]),
  );
}
