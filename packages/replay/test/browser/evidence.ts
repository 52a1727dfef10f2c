import { readFileSync } from 'node:fs';
import { runRealAction } from '../real-bundle.ts';

/** A question to the verifier: the bytes of a file and what the verifier brings along. */
export interface Question {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly trust?: string;
}

/** Sound, altered and old files, with and without a trusted key, so that every kind of answer is compared. */
export async function listQuestions(): Promise<readonly Question[]> {
  const denied = await runRealAction('denied');
  const approved = await runRealAction('approved');
  const { log } = JSON.parse(new TextDecoder().decode(denied)) as { log: { vkeys: readonly string[] } };
  const trust = `log ${log.vkeys[0]}\nquorum none\n`;
  const altered = denied.slice();
  const middle = altered.length >> 1;
  altered[middle] = (altered[middle] ?? 0) ^ 1;
  const legacy = readFileSync(
    new URL('../../../../spec/vectors/legacy-python/legacy-bundles/allow-plain.json', import.meta.url),
  );
  return [
    { name: 'denied', bytes: denied },
    { name: 'denied, signed', bytes: denied, trust },
    { name: 'approved, signed', bytes: approved, trust },
    { name: 'altered', bytes: altered, trust },
    { name: 'of the ancestor', bytes: legacy },
    { name: 'not a bundle', bytes: new TextEncoder().encode('{"a":1}\n') },
    { name: 'empty', bytes: new Uint8Array() },
  ];
}
