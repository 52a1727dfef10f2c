import { createHash } from 'node:crypto';
import { z } from 'zod';
import * as approval from '../src/approval.ts';
import * as attempt from '../src/attempt.ts';
import * as boundaryExecution from '../src/boundary/execution.ts';
import * as boundaryIntent from '../src/boundary/intent.ts';
import * as boundaryPolicy from '../src/boundary/policy.ts';
import * as boundaryTrace from '../src/boundary/trace.ts';
import * as budget from '../src/budget.ts';
import * as bundle from '../src/bundle.ts';
import * as canonicalEvent from '../src/canonical-event.ts';
import * as decision from '../src/decision.ts';
import * as envelope from '../src/envelope.ts';
import * as flags from '../src/flags.ts';
import * as governanceManifest from '../src/governance/manifest.ts';
import * as governanceProvider from '../src/governance/provider.ts';
import * as governanceReport from '../src/governance/report.ts';
import * as grant from '../src/grant.ts';
import * as hypothetical from '../src/hypothetical.ts';
import * as publicApi from '../src/index.ts';
import * as intent from '../src/intent.ts';
import * as legacyBundle from '../src/legacy-bundle.ts';
import * as nodeAgreement from '../src/node-agreement.ts';
import * as observation from '../src/observation.ts';
import * as outcome from '../src/outcome.ts';
import * as payloads from '../src/payloads.ts';
import * as policyBundle from '../src/policy-bundle.ts';
import * as policyReplay from '../src/policy-replay.ts';
import * as policySet from '../src/policy-set.ts';
import * as primitives from '../src/primitives.ts';
import * as record from '../src/record.ts';
import * as report from '../src/report.ts';
import * as resolution from '../src/resolution.ts';
import * as standingGrant from '../src/standing-grant.ts';
import * as switches from '../src/switch.ts';
import * as api from '../src/v1/api.ts';
import * as audit from '../src/v1/audit.ts';
import * as beliefs from '../src/v1/beliefs.ts';
import * as federation from '../src/v1/federation.ts';
import * as handshakeMessages from '../src/v1/handshake-messages.ts';
import * as identityContainment from '../src/v1/identity-containment.ts';
import * as intents from '../src/v1/intents.ts';
import * as observations from '../src/v1/observations.ts';
import * as scalars from '../src/v1/scalars.ts';
import * as sharedPrimitives from '../src/v1/shared-primitives.ts';
import * as telemetry from '../src/v1/telemetry.ts';

/** Folders of `spec/schemas`, each with the modules whose public schemas it publishes. */
const GROUPS = {
  v1: [
    api,
    audit,
    beliefs,
    federation,
    handshakeMessages,
    identityContainment,
    intents,
    observations,
    scalars,
    sharedPrimitives,
    telemetry,
  ],
  boundary: [boundaryExecution, boundaryIntent, boundaryPolicy, boundaryTrace, canonicalEvent, legacyBundle],
  exoarmur: [
    approval,
    attempt,
    budget,
    bundle,
    decision,
    envelope,
    flags,
    governanceManifest,
    governanceProvider,
    governanceReport,
    grant,
    hypothetical,
    intent,
    nodeAgreement,
    observation,
    outcome,
    payloads,
    policyBundle,
    policyReplay,
    policySet,
    primitives,
    record,
    report,
    resolution,
    standingGrant,
    switches,
  ],
} as const satisfies Record<string, readonly object[]>;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const FIRST_KEYWORDS = ['$schema', '$id', 'title', 'description'];

/** Keywords in one order whatever zod's is; members of `properties` keep theirs, which is the order of definition. */
function orderKeywords(node: Json, isKeywordMap = true): Json {
  if (Array.isArray(node)) return node.map((item) => orderKeywords(item));
  if (node === null || typeof node !== 'object') return node;
  const rank = (key: string): string => `${FIRST_KEYWORDS.includes(key) ? FIRST_KEYWORDS.indexOf(key) : 9}${key}`;
  const keys = Object.keys(node);
  if (isKeywordMap) keys.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return Object.fromEntries(
    keys.map((key) => {
      const child = node[key] ?? null;
      const isVerbatim = isKeywordMap && ['default', 'const', 'enum', 'examples'].includes(key);
      return [key, isVerbatim ? child : orderKeywords(child, !(isKeywordMap && ['properties', '$defs'].includes(key)))];
    }),
  );
}

/** Marks a place whose rule is a function, which no JSON Schema can say; inherited by what wraps it, removed at the end. */
const UNSAID = 'x-unsaid-rule';

function isUnsaid(schema: z.core.$ZodType): boolean {
  return schema._zod.def.type === 'custom' || (schema._zod.def.checks ?? []).some(isFunctionCheck);
}

function isFunctionCheck(check: z.core.$ZodCheck): boolean {
  return check._zod.def.check === 'custom';
}

/** Removes the marks. @throws TypeError where a marked place has no description to say in words what is missing. */
function settleUnsaid(name: string, node: Json): Json {
  if (Array.isArray(node)) return node.map((item) => settleUnsaid(name, item));
  if (node === null || typeof node !== 'object') return node;
  const { [UNSAID]: mark, ...rest } = node;
  if (mark === true && typeof node.description !== 'string') {
    throw new TypeError(`${name}: a rule that JSON Schema cannot express needs a description`);
  }
  return Object.fromEntries(Object.entries(rest).map(([key, child]) => [key, settleUnsaid(name, child)]));
}

/** JSON Schema of one zod schema, as the bytes of its file. @throws TypeError for an unsaid rule without a description. */
export function formatSchema(name: string, schema: z.ZodType): string {
  const jsonSchema = z.toJSONSchema(schema, {
    io: 'input',
    reused: 'inline',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema: node }) => {
      if (isUnsaid(zodSchema)) node[UNSAID] = true;
    },
  });
  const document: Json = { ...JSON.parse(JSON.stringify(jsonSchema)), $id: `urn:exoarmur:schema:${name}`, title: name };
  return `${JSON.stringify(orderKeywords(settleUnsaid(name, document)), null, 2)}\n`;
}

function schemasOf(module: object, published: ReadonlySet<unknown>): [string, z.ZodType][] {
  return Object.entries(module).filter(
    (entry): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType && published.has(entry[1]),
  );
}

/** Name of the schema of an export: `auditRecordV1Schema` is `AuditRecordV1`. */
function schemaName(exportName: string): string {
  const stem = exportName.replace(/Schema$/, '');
  return stem.slice(0, 1).toUpperCase() + stem.slice(1);
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function formatIndex(names: ReadonlyMap<string, readonly string[]>): string {
  const sections = [...names].map(([group, list]) => {
    const rows = list.map((name) => `- [${name}](${group}/${name}.json)`);
    return `## ${group}\n\n${INTRODUCTIONS.get(group) ?? ''}\n\n${rows.join('\n')}\n`;
  });
  return `# JSON Schemas\n\n${PREFACE}\n\n${sections.join('\n')}`;
}

const PREFACE = `JSON Schema 2020-12, generated from \`packages/contracts\`; do not edit. A schema describes the input of a reader: members
with a default may be absent. Where a description says "not expressed here", the zod schema checks more than the JSON
Schema can say. The rules of change are in [contracts.md](../contracts.md).`;

const INTRODUCTIONS = new Map([
  ['v1', 'Models of the Python ancestor. Locked: `v1.lock.json` holds the SHA-256 of every file.'],
  ['boundary', 'Models of the ancestor around execution, its replay events and its bundle files. Additive only.'],
  ['exoarmur', 'Shapes that are written today. Additive only.'],
]);

/**
 * Every file of `spec/schemas` by its path in there: one per schema that `exported` publishes, the lock of V1 and the index.
 * @throws TypeError when a published schema belongs to no group, so that none is forgotten.
 */
export function buildSchemaDocuments(exported: object = publicApi): ReadonlyMap<string, string> {
  const published = new Set<unknown>(Object.values(exported));
  const files = new Map<string, string>();
  const names = new Map<string, readonly string[]>();
  const seen = new Set<unknown>();
  for (const [group, modules] of Object.entries(GROUPS)) {
    const schemas = modules
      .flatMap((module) => schemasOf(module, published))
      .sort(([a], [b]) => (schemaName(a) < schemaName(b) ? -1 : 1));
    for (const [exportName, schema] of schemas) {
      seen.add(schema);
      files.set(`${group}/${schemaName(exportName)}.json`, formatSchema(schemaName(exportName), schema));
    }
    names.set(
      group,
      schemas.map(([exportName]) => schemaName(exportName)),
    );
  }
  for (const [exportName, value] of Object.entries(exported)) {
    if (value instanceof z.ZodType && !seen.has(value)) throw new TypeError(`${exportName} is in no group of schemas`);
  }
  files.set('v1.lock.json', formatLock(files));
  files.set('README.md', formatIndex(names));
  return files;
}

function formatLock(files: ReadonlyMap<string, string>): string {
  const locked = [...files].filter(([path]) => path.startsWith('v1/'));
  return `${JSON.stringify(Object.fromEntries(locked.map(([path, text]) => [path, sha256(text)])), null, 2)}\n`;
}

/** Paths that `locked` (the text of a lock file) holds and `files` lacks or has with other bytes. */
export function findLockViolations(locked: string, files: ReadonlyMap<string, string>): readonly string[] {
  const entries = Object.entries(z.record(z.string(), z.string()).parse(JSON.parse(locked)));
  return entries.filter(([path, digest]) => sha256(files.get(path) ?? '') !== digest).map(([path]) => path);
}
