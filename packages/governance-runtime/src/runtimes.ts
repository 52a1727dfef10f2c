import type { ProviderRuntime } from '@exoarmur/contracts';
import type { ProviderRun } from '@exoarmur/governance-artifacts';
import { runProcessProvider } from './process/run-process.ts';
import { runWasmProvider } from './wasm/run-module.ts';

/** Runs a provider once from nothing: entry file and canonical request in, its bytes or how it ended out. Never rejects. */
export type RunProvider = (entry: Uint8Array, request: Uint8Array) => Promise<ProviderRun>;

/** One way to run for each runtime a provider may name. */
export type ProviderRuntimes = Readonly<Record<ProviderRuntime, RunProvider>>;

/** The runtimes of this package with their own bounds. */
export const PROVIDER_RUNTIMES: ProviderRuntimes = Object.freeze({
  wasm: (entry: Uint8Array, request: Uint8Array) => runWasmProvider(entry, request),
  process: (entry: Uint8Array, request: Uint8Array) => runProcessProvider(entry, request),
});
