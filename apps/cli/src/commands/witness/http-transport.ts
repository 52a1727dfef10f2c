import type { WitnessTransport } from '@exoarmur/audit/witness';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 131_072;

/** `POST <url>/add-checkpoint` to a witness with an address in the trust file; one answer, no redirect, ten seconds. */
export const submitOverHttp: WitnessTransport = async ({ name, url }, body) => {
  if (url === undefined) throw new TypeError(`trust file has no address for ${name}`);
  const response = await fetch(`${url.replace(/\/$/, '')}/add-checkpoint`, {
    method: 'POST',
    body: new Uint8Array(body),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ANSWER_BYTES) throw new RangeError('answer is too large');
  }
  return { status: response.status, type: response.headers.get('content-type') ?? '', body: text };
};
