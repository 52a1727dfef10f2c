import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { artifactTypeSchema, packageNameSchema, quoteForMessage } from '@exoarmur/contracts';
import { KitError } from './errors.ts';
import { renderTemplate, type TemplateOptions } from './template.ts';

/**
 * Writes a new provider package into a folder that does not exist yet, and returns its files.
 * @throws KitError KIT_NAME_MALFORMED, KIT_FOLDER_EXISTS
 */
export function createProvider(folder: string, options: TemplateOptions): readonly string[] {
  if (!packageNameSchema.safeParse(options.name).success) {
    throw new KitError('KIT_NAME_MALFORMED', `${quoteForMessage(options.name)} is no name of an npm package`);
  }
  if (!artifactTypeSchema.safeParse(options.artifactType).success) {
    throw new KitError('KIT_NAME_MALFORMED', `${quoteForMessage(options.artifactType)} is no artifact type`);
  }
  mkdirSync(dirname(folder), { recursive: true });
  try {
    mkdirSync(folder);
  } catch (cause) {
    throw new KitError('KIT_FOLDER_EXISTS', `${quoteForMessage(folder)} exists or cannot be made`, { cause });
  }
  const files = renderTemplate(options);
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { flag: 'wx' });
  }
  return [...files.keys()];
}
