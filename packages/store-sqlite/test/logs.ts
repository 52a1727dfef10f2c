import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditLog, createAuditLog } from '@exoarmur/audit/writer';
import { createSigner } from '@exoarmur/canonical';
import type { AuditLogStore, CellDraft, LogHeadKeeper, Signer } from '@exoarmur/contracts';
import { afterEach, beforeEach } from 'vitest';

export const ORIGIN = 'cell-1.test/demo';
export const SIGNER = createSigner(ORIGIN, new Uint8Array(32).fill(7));

/** A fresh folder for each test, gone after it. */
export const useFolder = (): (() => string) => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'exoarmur-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  return () => folder;
};

/** A log over the store, with a clock that ticks and bytes that count. */
export const openLog = (store: AuditLogStore, heads: LogHeadKeeper, salt = 0, signer: Signer = SIGNER): AuditLog => {
  let now = Date.UTC(2024, 0, 1);
  let count = 0;
  return createAuditLog({
    store,
    heads,
    signer,
    clock: { now: () => (now += 1000) },
    random: {
      bytes: (length) => {
        const bytes = new Uint8Array(length).fill(salt);
        new DataView(bytes.buffer).setUint32(0, count++);
        return bytes;
      },
    },
    tenant: 'demo',
    cell: 'cell-1',
    origin: ORIGIN,
    maxBatch: 1024,
  });
};

export const fact = (stream: string, value: string | number): CellDraft => ({
  stream,
  correlation: `session-${stream}`,
  trace: null,
  actor: { type: 'human', id: 'operator-1' },
  kind: 'switch_changed',
  payload: { value },
});
