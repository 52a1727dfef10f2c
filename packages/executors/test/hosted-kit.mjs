// Runs inside of a confined process: the code of a hosted executor, and around it what a test would have it do there.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import createFilesystem from '../src/hosted/filesystem.ts';

const signal = new AbortController().signal;

const wrongs = {
  read: (path) => readFileSync(path, 'utf8'),
  write: (path) => writeFileSync(path, 'x'),
  list: (path) => readdirSync(path),
  go: (path) => process.chdir(path),
};

const deeds = {
  /** Every intent in turn, each validated and performed. */
  perform: async ({ config, intents }) => {
    const executor = createFilesystem(config);
    const answers = [];
    for (const intent of intents) {
      const check = await executor.validateTarget(intent);
      const { error_code, claimed } = await executor.execute(intent, { signal });
      answers.push({
        result: check.result,
        code: check.evidence.code ?? null,
        error_code,
        content: claimed.content ?? null,
      });
    }
    return answers;
  },
  /** Intents over and over, until everything of `until` was seen: what came of them, how often. */
  repeat: async ({ config, intents, turns, until }) => {
    const executor = createFilesystem(config);
    const seen = {};
    for (let turn = 0; turn < turns || (turn < 100_000 && until.some((what) => !(what in seen))); turn++) {
      const what = await executor.execute(intents[turn % intents.length], { signal }).then(
        ({ error_code, claimed }) => error_code ?? claimed.content ?? claimed.operation,
        // In doubt, as it has to be when it was changed from outside after the act.
        (error) => (error.message.endsWith('after the effect failed') ? 'doubt' : String(error)),
      );
      seen[what] = (seen[what] ?? 0) + 1;
    }
    return seen;
  },
  /** An executor that does its work, and then has faults: how each of them ended. */
  fault: async ({ config, intents, faults }) => {
    const executor = createFilesystem(config);
    await executor.execute(intents[0], { signal });
    return faults.map(([kind, path]) => {
      try {
        return String(wrongs[kind](path));
      } catch ({ code, permission }) {
        return `${code} ${permission}`;
      }
    });
  },
  /** The same with one fault that nobody catches. */
  fall: async ({ config, intents, path }) => {
    await createFilesystem(config).execute(intents[0], { signal });
    return readFileSync(path, 'utf8');
  },
};

export default (request) => deeds[request.deed](request);
