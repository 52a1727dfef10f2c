import type { EffectPreview } from '@exoarmur/contracts';
import { createTwoFilesPatch } from 'diff';
import { textOf } from '../content.ts';
import type { FileRequest } from './request.ts';

/** Characters of a diff that are shown. */
const MAX_BODY = 60_000;
/** Lines of both files together above which no diff is made: it would take longer than a person waits. */
const MAX_LINES = 20_000;

/** What a file action would do: a unified diff where both sides are text, sizes otherwise. */
export function previewFile(
  { operation, path, content, destination, root }: FileRequest,
  before: { readonly bytes: number; readonly content: Uint8Array | undefined },
): EffectPreview {
  const target = path.text;
  switch (operation) {
    case 'read':
      return plain(`reads ${target}, ${before.bytes} bytes`);
    case 'move':
      return plain(`moves ${target} to ${destination?.path.text}, ${before.bytes} bytes`);
    case 'delete': {
      const end = root.trash === null ? 'for good' : `into ${root.trash}, from where it can be moved back`;
      return diffOf(`deletes ${target}, ${before.bytes} bytes, ${end}`, target, before.content, new Uint8Array());
    }
    case 'write': {
      const after = content ?? new Uint8Array();
      const how = before.content === undefined && before.bytes === 0 ? 'creates' : 'replaces';
      const from = how === 'creates' ? new Uint8Array() : before.content;
      return diffOf(`${how} ${target}, ${before.bytes} to ${after.length} bytes`, target, from, after);
    }
  }
}

function diffOf(summary: string, target: string, before: Uint8Array | undefined, after: Uint8Array): EffectPreview {
  const [old, next] = [shownText(before), shownText(after)];
  const lines = (old?.split('\n').length ?? 0) + (next?.split('\n').length ?? 0);
  if (old === undefined || next === undefined || lines > MAX_LINES) return plain(summary);
  const body = createTwoFilesPatch(target, target, old, next, undefined, undefined, { context: 3 });
  const cut = [...body].slice(0, MAX_BODY).join('');
  return { media_type: 'text/x-diff', summary: summary.slice(0, 1024), body: cut, is_truncated: cut !== body };
}

function plain(summary: string): EffectPreview {
  return { media_type: 'text/plain', summary: summary.slice(0, 1024), body: '', is_truncated: false };
}

/** The text of a file; what holds a NUL is no text to look at. */
function shownText(bytes: Uint8Array | undefined): string | undefined {
  const text = bytes === undefined ? undefined : textOf(bytes);
  return text?.includes('\0') ? undefined : text;
}
