import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--remote-debugging-pipe',
];

/** Path of a Chromium on this machine. @throws Error that says how to get one. */
export function findChromium(path: string = process.env.PATH ?? ''): string {
  for (const folder of path.split(delimiter)) {
    for (const name of NAMES) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Not in this folder under this name.
      }
    }
  }
  throw new Error(`NO CHROMIUM ON THIS MACHINE: none of ${NAMES.join(', ')}; run tools/install-chromium.sh`);
}

/** One blank page of a headless Chromium with a profile of its own. */
export interface Page {
  /** Value of an expression, awaited, as JSON carries it. @throws Error with the page's exception */
  evaluate(expression: string): Promise<unknown>;
  /** URLs that the page asked for since it was opened. */
  readonly requests: readonly string[];
}

/** Opens a page for the time of an action. */
export async function withPage<T>(action: (page: Page) => Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), 'exoarmur-chromium-'));
  const browser = spawn(findChromium(), [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const ended = once(browser, 'close');
  try {
    return await action(await openPage(browser));
  } finally {
    browser.kill('SIGKILL');
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function openPage(browser: ChildProcess): Promise<Page> {
  const requests: string[] = [];
  const send = connect(browser, (method, params) => {
    if (method === 'Network.requestWillBeSent') requests.push((params as { request: { url: string } }).request.url);
  });
  const { targetId } = (await send('Target.createTarget', { url: 'about:blank' })) as { targetId: string };
  const attached = await send('Target.attachToTarget', { targetId, flatten: true });
  const { sessionId } = attached as { sessionId: string };
  await send('Network.enable', {}, sessionId);
  return {
    requests,
    async evaluate(expression) {
      const options = { expression, awaitPromise: true, returnByValue: true };
      const answer = (await send('Runtime.evaluate', options, sessionId)) as {
        result: { value?: unknown };
        exceptionDetails?: { exception?: { description?: string }; text: string };
      };
      const { exceptionDetails: thrown } = answer;
      if (thrown !== undefined) throw new Error(thrown.exception?.description ?? thrown.text);
      return answer.result.value;
    },
  };
}

type Send = (method: string, params: unknown, sessionId?: string) => Promise<unknown>;

/** The DevTools protocol over the pipes 3 and 4: JSON messages that end in a zero byte. */
function connect(browser: ChildProcess, onEvent: (method: string, params: unknown) => void): Send {
  const [, , , input, output] = browser.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, { settle: (result: unknown) => void; fail: (error: Error) => void }>();
  let ids = 0;
  let pending = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const messages = `${pending}${text}`.split('\0');
    pending = messages.pop() ?? '';
    for (const message of messages) {
      const { id, method, params, result, error } = JSON.parse(message);
      if (id === undefined) onEvent(method, params);
      else if (error === undefined) waiting.get(id)?.settle(result);
      else waiting.get(id)?.fail(new Error(`chromium: ${error.message}`));
      waiting.delete(id);
    }
  });
  browser.once('close', (code) => {
    for (const { fail } of waiting.values()) fail(new Error(`chromium ended with ${code}`));
  });
  browser.once('error', (error) => {
    for (const { fail } of waiting.values()) fail(error);
  });
  // A browser that died has ended the pipe; the close above tells.
  input.on('error', () => undefined);
  return (method, params, sessionId) =>
    new Promise((settle, fail) => {
      const id = ++ids;
      waiting.set(id, { settle, fail });
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
}
