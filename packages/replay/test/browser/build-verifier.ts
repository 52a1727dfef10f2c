import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** Most bytes that the script may have when compressed with gzip. */
export const MAX_GZIP_BYTES = 80_000;

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** Everything that `@exoarmur/replay` exports; the policy engine is not part of it. */
const ENTRY = fileURLToPath(new URL('../../src/index.ts', import.meta.url));

/** Name under which a page finds the verifier. */
export const VERIFIER_GLOBAL = 'ExoArmurVerifier';

/** Modules of zod that write JSON Schemas. No check asks for one. */
const JSON_SCHEMA = /\/zod\/v4\/core\/(?:to-json-schema|json-schema-processors)\.js$/;

/** A module with the same exports that do nothing: its functions are named when a shape is made, and never called after. */
function emptied(code: string): string {
  const names = [...code.matchAll(/^export (?:const|function|class) (\w+)/gm)].map((match) => match[1]);
  return names.map((name) => `export const ${name} = () => () => undefined;`).join('\n');
}

/** The verifier as one script for a page, and the modules that are in it, as paths from the root of the repository. */
export interface VerifierScript {
  /** A classic script, minified; it defines {@link VERIFIER_GLOBAL} and touches nothing else. */
  readonly code: string;
  readonly modules: readonly string[];
}

/** Builds the verifier from its sources with the browser's twin of the platform. A module that it cannot hold is an error. */
export async function buildVerifier(): Promise<VerifierScript> {
  const build = await rolldown({
    input: ENTRY,
    platform: 'browser',
    // Shapes that no check reads are left out: making one has no effect.
    treeshake: { manualPureFunctions: ['z'] },
    resolve: { conditionNames: ['@exoarmur/source', 'browser', 'import', 'default'] },
    plugins: [{ name: 'without-json-schema', transform: (code, id) => (JSON_SCHEMA.test(id) ? emptied(code) : null) }],
    onLog(level, log) {
      if (level === 'warn') throw new Error(`the verifier does not build: ${log.message}`);
    },
  });
  try {
    const { output } = await build.generate({
      format: 'iife',
      name: VERIFIER_GLOBAL,
      minify: true,
      codeSplitting: false,
    });
    const [chunk, ...others] = output;
    if (others.length > 0) throw new Error('the verifier is more than one file');
    if (chunk.imports.length > 0) throw new Error(`the verifier imports ${chunk.imports.join(', ')}`);
    const modules = chunk.moduleIds.map((id) => id.replace(ROOT, '')).sort();
    return { code: chunk.code, modules };
  } finally {
    await build.close();
  }
}
