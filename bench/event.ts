/** An event of about 500 bytes, as records of this project look: short strings, few numbers, one nested object or two. */
export const EVENT = Object.freeze({
  schema: 'exoarmur.record/1',
  tenant: 'tenant-7f3a',
  cell: 'cell-eu-1',
  correlation: '01JH2Z3V5Q8R9S0T1W2X3Y4Z5A',
  stream: '01JH2Z3V5Q8R9S0T1W2X3Y4Z5B',
  seq: 3,
  prev: 'sha256:4ab16f749ffddd7634aea8e06ad546d041ccc30b9262d0143ce2dd18a7035f66',
  kind: 'verdict_resolved',
  time: '2026-01-15T12:30:45.123Z',
  actor: { type: 'agent', id: 'agent-42' },
  trace: '4bf92f3577b34da6a3ce929d0e0e4736',
  payload: {
    digest: 'sha256:1554def6200a4309992eecfa003cecea94bed3b7913d51669f880a54d976672c',
    size: 812,
  },
  limits: { timeout_ms: 1500, retries: 0, ratio: 0.25, dry_run: false, note: null },
});
