// An executor that does what its configuration names.
import { readFileSync, writeFileSync } from 'node:fs';

const MANIFEST = {
  name: 'writer',
  version: '1.0.0',
  action_types: ['note.write'],
  target_kinds: ['note'],
  capabilities: ['fs.read', 'fs.write'],
  action_class_floors: { 'note.write': 'A1_soft_containment' },
};

export default ({ path, deed = 'write' }) => ({
  manifest: MANIFEST,
  validateTarget: async () => {
    if (deed === 'write while validating') writeFileSync(path, 'early');
    if (deed === 'garbage check') return { result: 'fine' };
    return { result: 'valid', reason: 'a note', evidence: { path } };
  },
  preview: async (intent) => ({
    ...{ media_type: 'text/plain', summary: `write ${intent.target}`, body: 'x', is_truncated: false },
  }),
  execute: async (intent) => {
    if (deed === 'loop') for (;;);
    if (deed === 'throw') throw new Error('no');
    if (deed === 'garbage') return { success: true, error_code: 'X_FAILED', claimed: {}, observed: {} };
    if (deed === 'outside') readFileSync('/etc/passwd');
    if (deed === 'refuse') return { success: false, error_code: 'NOTE_LOCKED', claimed: {}, observed: {} };
    writeFileSync(path, intent.target);
    return { success: true, error_code: null, claimed: { path }, observed: { text: readFileSync(path, 'utf8') } };
  },
});
