import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The compiler that the template is for, exact: the same sources give the same module. */
export const ASSEMBLYSCRIPT_VERSION = '0.28.20';

const FOLDER = new URL('../templates/wasm/', import.meta.url);

const FILES = [
  'asconfig.json',
  'assembly/exoarmur.ts',
  'assembly/json.ts',
  'assembly/provider.ts',
  'assembly/sha256.ts',
  'provider.wasm',
] as const;

/** Sources of a provider in AssemblyScript with the module that they compile to, by path. */
export function readWasmTemplate(): ReadonlyMap<string, Uint8Array> {
  return new Map(FILES.map((file) => [file, new Uint8Array(readFileSync(fileURLToPath(new URL(file, FOLDER))))]));
}
