import type { ProviderRuntime } from '@exoarmur/contracts';
import { ASSEMBLYSCRIPT_VERSION, readWasmTemplate } from './wasm-template.ts';

/** What a new provider package is made for. */
export interface TemplateOptions {
  /** Name of the npm package. */
  readonly name: string;
  readonly artifactType: string;
  /** `process`: JavaScript. `wasm`: AssemblyScript, compiled to a module without imports. */
  readonly runtime: ProviderRuntime;
}

/** The files of a new provider package by path: a provider that works, one golden case of each kind, and how to go on. */
export function renderTemplate(options: TemplateOptions): ReadonlyMap<string, string | Uint8Array> {
  const { name, artifactType, runtime } = options;
  const schemaVersion = `${artifactType}.v1`;
  const isCompiled = runtime === 'wasm';
  const entry = isCompiled ? 'provider.wasm' : 'provider.js';
  const manifest = {
    name,
    version: '0.1.0',
    description: `Verifies ${schemaVersion} artifacts.`,
    type: 'module',
    files: [entry, 'golden'],
    scripts: { ...(isCompiled ? { build: 'asc --config asconfig.json' } : {}), test: 'exoarmur-provider test' },
    ...(isCompiled ? { devDependencies: { assemblyscript: ASSEMBLYSCRIPT_VERSION } } : {}),
    exoarmur: {
      governanceArtifacts: {
        descriptorVersion: 1,
        providers: [{ artifactType, schemaVersions: [schemaVersion], entry, apiVersion: 1, runtime }],
      },
    },
  };
  const golden = (level: string, expected: string): string =>
    formatJson({
      schema_version: schemaVersion,
      artifact: { level, assessed_by: 'operator-1' },
      configuration: { accepted_levels: ['low'] },
      expected,
    });
  return new Map<string, string | Uint8Array>([
    ['package.json', formatJson(manifest)],
    ...(isCompiled ? readWasmTemplate() : [['provider.js', PROVIDER] as const]),
    ['golden/accepted.json', golden('low', 'valid')],
    ['golden/refused.json', golden('high', 'level_not_accepted')],
    ['README.md', readme(options, schemaVersion)],
  ]);
}

function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

const PROVIDER = `// One file without dependencies: it is all that the verifier loads. It runs in a child process that may read nothing else.

/** @type {import('@exoarmur/governance-provider-kit').Provider} */
export default {
  canonicalHash(artifact, { schemaVersion, tools }) {
    return tools.hashArtifact(schemaVersion, artifact);
  },

  verifyArtifact(artifact, { configuration }) {
    if (typeof artifact.level !== 'string' || typeof artifact.assessed_by !== 'string') {
      return { valid: false, reason: 'shape_invalid' };
    }
    const accepted = configuration.accepted_levels;
    if (!Array.isArray(accepted) || !accepted.includes(artifact.level)) {
      return { valid: false, reason: 'level_not_accepted' };
    }
    return { valid: true };
  },
};
`;

function readme({ name, runtime }: TemplateOptions, schemaVersion: string): string {
  const build =
    runtime === 'wasm'
      ? '\n- `npm run build` compiles `assembly/` to `provider.wasm`; write your rules into `assembly/provider.ts`.'
      : '';
  return `# ${name}

Verifies \`${schemaVersion}\` artifacts of ExoArmur proof bundles.
${build}
- \`npm test\` runs the provider over \`golden/\` and over hostile variants of it.
- \`npx exoarmur-provider trust .\` prints the entry of an operator's trust file for the files as they are now.
`;
}
