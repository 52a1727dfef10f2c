import { readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../spec/vectors/', import.meta.url);

/** Text of a file under spec/vectors. */
export function readVectorText(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

/** Bytes of a file under spec/vectors. */
export function readVectorBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, ROOT)));
}

/** A vector file as plain JSON; fields named `…_json` inside it still hold text. */
export function readVectors<T>(path: string): T {
  return JSON.parse(readVectorText(path)) as T;
}

/** File names of a folder under spec/vectors, sorted. */
export function listVectors(folder: string): string[] {
  return readdirSync(new URL(folder, ROOT)).sort();
}
