import type { GovernanceSubject, JsonObject } from '@exoarmur/contracts';
import { askProvider, hashArtifact, type ProviderAnswer } from '@exoarmur/governance-artifacts';
import {
  type DeclaredProvider,
  PROVIDER_RUNTIMES,
  type ProviderRuntimes,
  readProviderPackage,
} from '@exoarmur/governance-runtime';
import { readGoldenCases } from './golden.ts';
import { makeHostileInputs } from './hostile-inputs.ts';

/** One question to the provider with its answer. */
export interface CheckedCase {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  readonly isPassed: boolean;
}

/** What the harness found. */
export interface ProviderCheck {
  readonly package: string;
  readonly version: string;
  readonly cases: readonly CheckedCase[];
  readonly isPassed: boolean;
}

const ANSWERS = 'an answer';

/**
 * Runs a provider package as a verifier would, in its real runtime, twice for each case: its golden cases, which must hold one valid
 * and one invalid artifact for each type, and hostile variants of the valid ones, which must be answered at all.
 * @throws KitError, Denial
 */
export async function checkProvider(
  folder: string,
  runtimes: ProviderRuntimes = PROVIDER_RUNTIMES,
): Promise<ProviderCheck> {
  const { name, version, providers } = readProviderPackage(folder);
  const golden = readGoldenCases(folder);
  const cases: CheckedCase[] = [];
  for (const provider of providers) {
    const own = golden.filter(({ schemaVersion }) => provider.schemaVersions.includes(schemaVersion));
    const sound = own.find(({ expected }) => expected === 'valid');
    cases.push(presence(`${provider.artifactType}: a golden case that is valid`, sound !== undefined));
    const hasUnsound = own.some(({ expected }) => expected !== 'valid');
    cases.push(presence(`${provider.artifactType}: a golden case that is not`, hasUnsound));
    const ask = (
      schemaVersion: string,
      artifact: JsonObject,
      subject: GovernanceSubject | null,
      configuration: JsonObject,
    ) => askOnce(provider, runtimes, { schemaVersion, artifact, subject, configuration });
    for (const { name: file, schemaVersion, artifact, subject, configuration, expected } of own) {
      const found = describeAnswer(await ask(schemaVersion, artifact, subject, configuration));
      cases.push({ name: `golden/${file}.json`, expected, found, isPassed: found === expected });
    }
    if (sound === undefined) continue;
    for (const hostile of makeHostileInputs(sound.artifact)) {
      const answer = await ask(sound.schemaVersion, hostile.artifact, sound.subject, sound.configuration);
      const isPassed = answer.code === 'SEMANTIC_VALID' || answer.code === 'SEMANTIC_INVALID';
      const label = `${provider.artifactType}: hostile, ${hostile.name}`;
      cases.push({ name: label, expected: ANSWERS, found: describeAnswer(answer), isPassed });
    }
  }
  return { package: name, version, cases, isPassed: cases.every(({ isPassed }) => isPassed) };
}

function presence(name: string, isThere: boolean): CheckedCase {
  return { name, expected: 'present', found: isThere ? 'present' : 'absent', isPassed: isThere };
}

function describeAnswer({ code, reason }: ProviderAnswer): string {
  return code === 'SEMANTIC_VALID' ? 'valid' : (reason ?? code);
}

interface Asked {
  readonly schemaVersion: string;
  readonly artifact: JsonObject;
  readonly subject: GovernanceSubject | null;
  readonly configuration: JsonObject;
}

function askOnce(provider: DeclaredProvider, runtimes: ProviderRuntimes, asked: Asked): Promise<ProviderAnswer> {
  const { schemaVersion, artifact, subject, configuration } = asked;
  const { digest, schemaVersions, runtime, bytes } = provider;
  const run = runtimes[runtime];
  return askProvider(
    {
      package: provider.artifactType,
      version: '0.0.0',
      runtime,
      digest,
      schemaVersions,
      configuration,
      run: (request) => run(bytes, request),
    },
    { schemaVersion, artifact, artifactHash: hashArtifact(schemaVersion, artifact), subject },
  );
}
