import { canonicalize } from '@exoarmur/canonical';
import { formatReport, verifyBundle } from '../../src/index.ts';
import { VERIFIER_GLOBAL } from './build-verifier.ts';
import type { Question } from './evidence.ts';

/** The answer as text: the report in canonical JSON, then its form for a person. */
export async function askSources({ bytes, trust }: Question): Promise<string> {
  const report = await verifyBundle(bytes, trust === undefined ? {} : { trust });
  return `${canonicalize(report)}\n${formatReport(report)}`;
}

/** An expression that gives the same text from the script of {@link VERIFIER_GLOBAL} in a realm that has nothing else of ours. */
export function formatQuestion({ bytes, trust }: Question): string {
  const options = trust === undefined ? '{}' : JSON.stringify({ trust });
  return `(async () => {
    const sorted = (value) =>
      Array.isArray(value) ? value.map(sorted)
      : value === null || typeof value !== 'object' ? value
      : Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
    const report = await ${VERIFIER_GLOBAL}.verifyBundle(Uint8Array.from(${JSON.stringify([...bytes])}), ${options});
    return JSON.stringify(sorted(report)) + '\\n' + ${VERIFIER_GLOBAL}.formatReport(report);
  })()`;
}
