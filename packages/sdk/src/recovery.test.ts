import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestExecutor } from '@exoarmur/executors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConfig, createGate, createIntent } from '../test/configs.ts';
import { createBoundary, SdkError } from './index.ts';
import { Presence } from './presence.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exoarmur-recovery-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A boundary in a process of its own, over the store in `home`, whose executor does as told; says `started` inside of it. */
function startElsewhere(intentId: string, ending: 'hang' | 'wait for go') {
  const [sdk, configs, executors] = ['./index.ts', '../test/configs.ts', '../../executors/src/index.ts'].map((path) =>
    JSON.stringify(new URL(path, import.meta.url).href),
  );
  const program = `
    const { createBoundary } = await import(${sdk});
    const { createConfig, createIntent } = await import(${configs});
    const { createTestExecutor } = await import(${executors});
    const { appendFileSync, existsSync } = await import('node:fs');
    const home = ${JSON.stringify(home)};
    const executor = createTestExecutor({ onExecute: async () => {
      appendFileSync(home + '/effects', ${JSON.stringify(`${intentId}\n`)});
      process.stdout.write('started\\n');
      while (${ending === 'hang'} || !existsSync(home + '/go')) await new Promise((go) => setTimeout(go, 20));
      return { success: true, error_code: null, claimed: {}, observed: {} };
    } });
    const executors = [{ hosting: 'in_process_trusted', executor }];
    const boundary = await createBoundary(createConfig({ store: { path: home + '/a.db' }, executors }));
    const result = await boundary.execute(createIntent({ intent_id: ${JSON.stringify(intentId)} }));
    await boundary.close();
    process.stdout.write(result.status + '\\n');`;
  const args = [
    '--conditions=@exoarmur/source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '--eval',
  ];
  const child = spawn(process.execPath, [...args, program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const started = createGate();
  const ended = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('started')) started.resolve();
    });
    child.on('error', reject).on('close', () => {
      started.reject(new Error('ended before it started'));
      resolve(output);
    });
  });
  return { child, started: started.promise, ended };
}

const effects = () => readFileSync(join(home, 'effects'), 'utf8').trim().split('\n').sort();

describe('two boundaries on one store', () => {
  it('leave each other’s actions alone, and the survivor ends what the dead one left, without a second effect', async () => {
    const config = createConfig({ store: { path: join(home, 'a.db') } });
    const dying = startElsewhere('intent-dying', 'hang');
    const living = startElsewhere('intent-living', 'wait for go');
    await Promise.all([dying.started, living.started]);

    const survivor = await createBoundary(config);
    expect([...(await survivor.recover()).leftAlone].sort()).toEqual(['intent-dying', 'intent-living']);
    await expect(survivor.execute(createIntent({ intent_id: 'intent-dying' }))).rejects.toMatchObject({
      code: 'BOUNDARY_ACTION_UNFINISHED',
    });

    dying.child.kill('SIGKILL');
    await dying.ended;
    const report = await survivor.recover();
    expect(report).toMatchObject({
      recovered: [{ stream: 'intent-dying', status: 'ambiguous', code: 'BOUNDARY_INTERRUPTED', isClosed: true }],
      leftAlone: ['intent-living'],
      refused: [],
    });
    writeFileSync(join(home, 'go'), '');
    expect(await living.ended).toContain('completed');
    expect(await survivor.recover()).toEqual({ recovered: [], leftAlone: [], refused: [] });
    const again = await survivor.execute(createIntent({ intent_id: 'intent-dying' }));
    expect(again).toMatchObject({ status: 'ambiguous' });
    expect(config.executor.performed).toEqual([]);
    expect(effects()).toEqual(['intent-dying', 'intent-living']);
    await survivor.close();
    expect(readdirSync(join(home, 'a.db.live'))).toEqual(['gate']);
  }, 60_000);

  it('end at the next start what a killed one left', async () => {
    const dying = startElsewhere('intent-1', 'hang');
    await dying.started;
    dying.child.kill('SIGKILL');
    await dying.ended;
    await using next = await createBoundary(createConfig({ store: { path: join(home, 'a.db') } }));
    expect(await next.execute(createIntent())).toMatchObject({ status: 'ambiguous', isClosed: true });
    expect(effects()).toEqual(['intent-1']);
    expect(existsSync(join(home, 'a.db.live'))).toBe(true);
  }, 60_000);

  it('hide no end behind a folder of the living that fails, and tell no recovery that nobody works on an action', async () => {
    const folder = join(home, 'a.db.live');
    const executor = createTestExecutor({
      onExecute: async () => {
        // The mark of the action cannot be taken away any more.
        const [own = ''] = readdirSync(folder).filter((name) => !/gate|lock/.test(name));
        const [mark = ''] = readdirSync(join(folder, own));
        rmSync(join(folder, own, mark));
        mkdirSync(join(folder, own, mark));
        return { success: true, error_code: null, claimed: {}, observed: {} };
      },
    });
    const executors = [{ hosting: 'in_process_trusted' as const, executor }];
    const boundary = await createBoundary(createConfig({ store: { path: join(home, 'a.db') }, executors }));
    expect(await boundary.execute(createIntent())).toMatchObject({ status: 'completed' });
    rmSync(folder, { recursive: true });
    const intent = createIntent({ intent_id: 'intent-2' });
    await expect(boundary.execute(intent)).rejects.toMatchObject({ code: 'SDK_PRESENCE_UNAVAILABLE' });
    expect(executor.performed).toHaveLength(1);
    await boundary.close();
  });

  it('count a mark only once it is there', () => {
    const folder = join(home, 'live');
    const presence = Presence.enter(folder);
    const own = join(folder, readdirSync(folder).find((name) => !/gate|lock/.test(name)) ?? '');
    rmSync(own, { recursive: true });
    expect(() => presence.mark('intent-1')).toThrow(SdkError);
    mkdirSync(own);
    const release = presence.mark('intent-1');
    expect(presence.isWorkedOn('intent-1')).toBe(true);
    release();
    expect(presence.isWorkedOn('intent-1')).toBe(false);
    presence.leave();
  });
});
