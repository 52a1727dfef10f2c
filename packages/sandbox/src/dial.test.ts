import { Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Dial, type Dialled, serveChannel } from './dial.ts';

/** One side of a channel that is served, everything that came back on it, and whether it is over. */
function open(dial: Dial) {
  const [own, served] = duplexPair();
  serveChannel(served, dial);
  let text = '';
  own.on('data', (chunk) => {
    text += String(chunk);
  });
  own.on('error', () => undefined);
  return { own, served, text: () => text };
}

const echo = (): { readonly dial: Dial; readonly asked: unknown[]; readonly connections: Duplex[] } => {
  const asked: unknown[] = [];
  const connections: Duplex[] = [];
  const dial: Dial = async (request) => {
    asked.push(request);
    const [connection, far] = duplexPair();
    far.on('data', (chunk) => far.write(`<${chunk}>`));
    connections.push(connection);
    return { connection, answer: { at: 'there' } };
  };
  return { dial, asked, connections };
};

/** An object of one member, which throws when it is got. */
const thrower = (name: string): object =>
  Object.defineProperty({}, name, {
    get: () => {
      throw new Error('got at');
    },
  });

describe('a channel', () => {
  it('carries one line each way, and bytes from then on', async () => {
    const { dial, asked } = echo();
    const { own, text } = open(dial);
    own.write('{"to":');
    own.write('"x"}\nearly');
    await expect.poll(text).toBe('{"answer":{"at":"there"}}\n<early>');
    own.write('more');
    await expect.poll(text).toContain('<more>');
    expect(asked).toEqual([{ to: 'x' }]);
  });

  it.each<[string, Error, string]>([
    ['by the code of its refusal', Object.assign(new Error('secret'), { code: 'NOT_ALLOWED' }), 'NOT_ALLOWED'],
    ['by no other word', new Error('secret'), 'SANDBOX_DIAL_FAILED'],
    ['by no code that is none', Object.assign(new Error('x'), { code: 'two words' }), 'SANDBOX_DIAL_FAILED'],
  ])('tells %s', async (_, error, code) => {
    const { own, text } = open(() => Promise.reject(error));
    own.write('{}\n');
    await expect.poll(text).toBe(`{"refused":"${code}"}\n`);
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['an object without a connection', () => ({ answer: 1 })],
    ['a connection that is none', () => ({ connection: { write: () => true }, answer: 1 })],
    ['a connection that throws when it is got', () => thrower('connection')],
    ['a connection that is over', () => ({ connection: duplexPair()[0].destroy(), answer: 1 })],
    ['an error whose code throws when it is got', () => Promise.reject(thrower('code'))],
    ['an error that is nothing', () => Promise.reject(undefined)],
  ])('is refused and closed when the dial gives %s', async (_, give) => {
    const { own, text } = open(async () => give() as Promise<Dialled>);
    own.write('{}\n');
    await expect.poll(text).toBe('{"refused":"SANDBOX_DIAL_FAILED"}\n');
    await expect.poll(() => own.readableEnded).toBe(true);
  });

  const circle: unknown[] = [];
  circle.push(circle);
  it.each<[string, object]>([
    ['no answer', {}],
    ['a big integer', { answer: 1n }],
    ['a circle', { answer: circle }],
    ['half a character', { answer: '\ud83d' }],
    ['more than a line', { answer: 'x'.repeat(9000) }],
    ['something that throws when it is got', thrower('answer')],
    ['an answer for a stream of objects', { answer: 1, isOfObjects: true }],
  ])('is refused, and its connection ended, when the dial answers %s', async (_, given) => {
    const connection = new Duplex({ readableObjectMode: 'isOfObjects' in given, read: () => undefined });
    const { own, text } = open(async () => Object.assign(given, { connection }) as unknown as Dialled);
    own.write('{}\n');
    await expect.poll(text).toBe('{"refused":"SANDBOX_DIAL_FAILED"}\n');
    await expect.poll(() => [own.readableEnded, connection.destroyed]).toEqual([true, true]);
  });

  it('is ended by a connection that throws when it is touched', async () => {
    const [connection] = duplexPair();
    const touchy = Object.assign(connection, {
      on: () => {
        throw new Error('touched');
      },
    });
    const { own, served } = open(async () => ({ connection: touchy, answer: null }));
    own.write('{}\n');
    await expect.poll(() => served.destroyed).toBe(true);
  });

  it('asks nobody on a line that is no JSON, is without end, or is too long', async () => {
    const { dial, asked } = echo();
    const odd = open(dial);
    odd.own.write('no json\n');
    await expect.poll(odd.text).toBe('{"refused":"SANDBOX_DIAL_FAILED"}\n');
    for (const line of ['x'.repeat(9000), `"${'x'.repeat(9000)}"\n`]) {
      const { own, served } = open(dial);
      own.write(line);
      await expect.poll(() => served.destroyed).toBe(true);
    }
    expect(asked).toEqual([]);
  });

  it('ends with its connection, the connection with it, and one that comes too late at once', async () => {
    const { dial, connections } = echo();
    const first = open(dial);
    first.own.write('{}\n');
    await expect.poll(first.text).toContain('answer');
    first.served.destroy();
    const second = open(dial);
    second.own.write('{}\n');
    await expect.poll(second.text).toContain('answer');
    await expect.poll(() => connections[0]?.destroyed).toBe(true);
    connections[1]?.destroy();
    await expect.poll(() => second.served.destroyed).toBe(true);
    let late: Duplex | undefined;
    const third = open(async () => {
      third.served.destroy();
      [late] = duplexPair();
      return { connection: late as Duplex, answer: null };
    });
    third.own.write('{}\n');
    await expect.poll(() => late?.destroyed).toBe(true);
  });
});
