import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestBytes, parseVerifierKey, type VerifierKey } from '@exoarmur/canonical';
import { BUNDLE_DIGEST_DOMAIN, type NodeAgreement } from '@exoarmur/contracts';
import { judgeNodes, type NodeAnswer } from '@exoarmur/replay/consensus';
import { CliError } from '../errors.ts';
import { digestQuestion, type NodeQuestion } from './node-question.ts';

const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** Module of an honest node. */
export const NODE_PROCESS = new URL(`./node-process${EXTENSION}`, import.meta.url);

/** Longest that a node may take to start and name its key; it verifies nothing yet. */
const START_TIMEOUT_MS = 60_000;
/** A node that says more than this is not listened to any longer. */
const MAX_MESSAGES = 32;

/** One node to ask: its name, its copy, its program. */
export interface NodeSeat {
  readonly node: string;
  readonly copy: Uint8Array;
  readonly module: URL;
}

/** What is asked, and how long an answer may take. */
export interface AskOptions extends Pick<NodeQuestion, 'trust' | 'require'> {
  /** The bytes that the answer has to be about. */
  readonly input: Uint8Array;
  readonly timeoutMs: number;
  readonly tolerated?: number;
}

/**
 * Asks verifiers, each a process of its own with a key that it made itself and a copy that no other can see through it, and
 * judges what they signed. One that dies, hangs or lies costs only itself. @throws CliError CLI_NODE_NOT_STARTED
 */
export async function askNodes(seats: readonly NodeSeat[], options: AskOptions): Promise<NodeAgreement> {
  const { input, trust, require, timeoutMs, tolerated } = options;
  const run = randomBytes(16).toString('hex');
  const root = mkdtempSync(join(tmpdir(), 'exoarmur-nodes-'));
  try {
    const children = seats.map(({ module }) =>
      fork(fileURLToPath(module), { serialization: 'json', stdio: ['ignore', 'ignore', 'ignore', 'ipc'], cwd: root }),
    );
    try {
      const keys = await Promise.all(children.map((child, index) => introduce(child, seats[index] as NodeSeat)));
      const answers = await Promise.all(
        seats.map(async ({ node, copy }, index): Promise<NodeAnswer> => {
          const folder = join(root, String(index));
          mkdirSync(folder);
          const path = join(folder, 'bundle.json');
          writeFileSync(path, copy, { mode: 0o400 });
          const key = keys[index] as VerifierKey;
          const heard = await listen(children[index] as ChildProcess, { run, path, trust, require }, timeoutMs);
          return typeof heard === 'string' ? { node, key, silent: heard } : { node, key, envelopes: heard };
        }),
      );
      const questionDigest = digestQuestion({ run, path: '', trust, require });
      const inputDigest = digestBytes(BUNDLE_DIGEST_DOMAIN, input);
      const assumed = tolerated === undefined ? {} : { tolerated };
      return judgeNodes({ run, inputDigest, questionDigest, answers, ...assumed });
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function introduce(child: ChildProcess, { node }: NodeSeat): Promise<VerifierKey> {
  child.send({ node });
  const message = await firstMessage(child, START_TIMEOUT_MS);
  if (typeof message !== 'string') throw new CliError('CLI_NODE_NOT_STARTED', `${node} named no key`);
  return parseVerifierKey(message);
}

async function firstMessage(child: ChildProcess, timeoutMs: number): Promise<unknown> {
  try {
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), endSignal(child)]);
    const [message] = await once(child, 'message', { signal });
    return message;
  } catch {
    return undefined;
  }
}

function endSignal(child: ChildProcess): AbortSignal {
  const ended = new AbortController();
  child.once('exit', () => ended.abort());
  child.once('error', () => ended.abort());
  return ended.signal;
}

/** Everything that a node says until it ends or its time is up. */
function listen(
  child: ChildProcess,
  question: NodeQuestion,
  timeoutMs: number,
): Promise<readonly unknown[] | 'crashed' | 'timed_out'> {
  return new Promise((settle) => {
    const heard: unknown[] = [];
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      settle(heard.length > 0 ? heard : 'timed_out');
    }, timeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      settle(heard.length > 0 ? heard : 'crashed');
    };
    child.on('message', (message) => {
      heard.push(message);
      if (heard.length >= MAX_MESSAGES) child.kill('SIGKILL');
    });
    // After the channel closes no message can come any more.
    if (!child.connected) end();
    child.once('disconnect', end).once('error', end);
    if (child.connected) child.send(question, () => undefined);
  });
}
