// An executor that does what its configuration names.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const MANIFEST = {
  name: 'writer',
  version: '1.0.0',
  action_types: ['note.write'],
  target_kinds: ['note'],
  capabilities: ['fs.read', 'fs.write'],
  action_class_floors: { 'note.write': 'A1_soft_containment' },
};

const spawn = () => {
  const { status, error } = spawnSync(process.execPath, ['--version']);
  if (error !== undefined) throw error;
  return status;
};

const told = (secrets) => JSON.stringify(secrets ?? 'nothing');

export default ({ path, deed = 'write', said, capabilities = MANIFEST.capabilities }, secrets) => ({
  manifest: { ...MANIFEST, capabilities },
  validateTarget: async () => {
    if (deed === 'say') return { result: 'valid', reason: 'said', evidence: {}, ...said };
    if (deed === 'write while validating') writeFileSync(path, 'early');
    if (deed === 'spawn') spawn();
    if (deed === 'tell')
      return { result: 'valid', reason: told(secrets), evidence: { [told(secrets)]: [told(secrets)] } };
    if (deed === 'garbage check') return { result: 'fine' };
    return { result: 'valid', reason: 'a note', evidence: { path } };
  },
  preview: async (intent) => ({
    ...{ media_type: 'text/plain', summary: `write ${intent.target}`, is_truncated: false },
    body: deed === 'tell' ? told(secrets) : 'x',
    ...(deed === 'say' ? said : {}),
  }),
  execute: async (intent) => {
    if (deed === 'say') return { success: true, error_code: null, claimed: {}, observed: {}, ...said };
    if (deed === 'tell') {
      const place = JSON.stringify([process.argv, process.env, process.execArgv]).includes('s3cr3t');
      return { success: true, error_code: null, claimed: { [told(secrets)]: told(secrets) }, observed: { place } };
    }
    if (deed === 'spawn') return { success: true, error_code: null, claimed: {}, observed: { status: spawn() } };
    if (deed === 'loop') for (;;);
    if (deed === 'throw') throw new Error('no');
    if (deed === 'garbage') return { success: true, error_code: 'X_FAILED', claimed: {}, observed: {} };
    if (deed === 'outside') readFileSync('/etc/passwd');
    if (deed === 'refuse') return { success: false, error_code: 'NOTE_LOCKED', claimed: {}, observed: {} };
    writeFileSync(path, intent.target);
    return { success: true, error_code: null, claimed: { path }, observed: { text: readFileSync(path, 'utf8') } };
  },
});
