import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CanonicalError, parseJson } from '@exoarmur/canonical';
import {
  artifactSchemaVersionSchema,
  type GovernanceSubject,
  governanceSubjectSchema,
  type JsonObject,
  jsonObjectSchema,
  quoteForMessage,
} from '@exoarmur/contracts';
import { KitError } from './errors.ts';

/** One artifact with what the provider has to say about it. */
export interface GoldenCase {
  /** File name without `.json`. */
  readonly name: string;
  readonly schemaVersion: string;
  readonly artifact: JsonObject;
  readonly subject: GovernanceSubject | null;
  readonly configuration: JsonObject;
  /** `valid`, or the reason of the refusal. */
  readonly expected: string;
}

const REASON = /^[a-z][a-z0-9_]{2,63}$/;

/** Reads `golden/*.json` of a provider package, by name. @throws KitError KIT_GOLDEN_MALFORMED, KIT_FILE_UNREADABLE */
export function readGoldenCases(folder: string): GoldenCase[] {
  const golden = join(folder, 'golden');
  let names: string[];
  try {
    names = readdirSync(golden).filter((name) => name.endsWith('.json'));
  } catch (cause) {
    throw new KitError('KIT_FILE_UNREADABLE', `cannot read the folder ${quoteForMessage(golden)}`, { cause });
  }
  return names.sort().map((name) => parseCase(name, readFileSync(join(golden, name))));
}

function parseCase(file: string, bytes: Uint8Array): GoldenCase {
  const refuse = (what: string, cause?: unknown): KitError =>
    new KitError('KIT_GOLDEN_MALFORMED', `golden case ${quoteForMessage(file)}: ${what}`, { cause });
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (cause) {
    if (cause instanceof CanonicalError) throw refuse(cause.message, cause);
    throw cause;
  }
  const parsed = jsonObjectSchema.safeParse(value);
  if (!parsed.success) throw refuse('it is no object');
  const { schema_version, artifact, subject, configuration = {}, expected, ...others } = parsed.data;
  const version = artifactSchemaVersionSchema.safeParse(schema_version);
  const content = jsonObjectSchema.safeParse(artifact);
  const about = governanceSubjectSchema.nullable().safeParse(subject ?? null);
  const settings = jsonObjectSchema.safeParse(configuration);
  if (Object.keys(others).length > 0) throw refuse(`unknown member ${quoteForMessage(Object.keys(others)[0] ?? '')}`);
  if (!version.success) throw refuse('`schema_version` is malformed');
  if (!content.success) throw refuse('`artifact` is no object');
  if (!about.success) throw refuse('`subject` is malformed');
  if (!settings.success) throw refuse('`configuration` is no object');
  if (typeof expected !== 'string' || !REASON.test(expected))
    throw refuse('`expected` is neither `valid` nor a reason');
  return {
    name: file.slice(0, -'.json'.length),
    schemaVersion: version.data,
    artifact: content.data,
    subject: about.data,
    configuration: settings.data,
    expected,
  };
}
