import { quoteForMessage } from '@exoarmur/contracts/errors';
import { ExecutorError } from '../errors.ts';

/** Limits of a logical path: what a common file system can store, in UTF-8 bytes. */
export const LOGICAL_PATH_LIMITS = Object.freeze({ maxBytes: 4096, maxSegmentBytes: 255, maxSegments: 64 } as const);

/** An absolute path as policies and people see it: `/` and the segments below it, in one spelling. */
export interface LogicalPath {
  readonly text: string;
  /** At least one; never empty, `.` or `..`. */
  readonly segments: readonly string[];
}

// A colon names a stream or a drive on Windows, a backslash separates there, and a name's trailing dot or blank is lost.
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\\:*?"<>|]/u;
const LOST_ENDING = /[. ]$/;

/**
 * Parses the target of a file action. There is one spelling per file: absolute, `/` between segments, none of them empty,
 * `.` or `..`, Unicode NFC, and no character that any file system drops, folds or reads as a separator.
 * @throws ExecutorError EXECUTOR_TARGET_MALFORMED
 */
export function parseLogicalPath(text: string): LogicalPath {
  const encoder = new TextEncoder();
  if (!text.startsWith('/')) throw malformed(text, 'is not absolute');
  if (FORBIDDEN.test(text)) throw malformed(text, 'holds a forbidden character');
  if (text !== text.normalize('NFC')) throw malformed(text, 'is not in Unicode NFC');
  if (encoder.encode(text).length > LOGICAL_PATH_LIMITS.maxBytes) throw malformed(text, 'is too long');
  const segments = text.slice(1).split('/');
  if (segments.length > LOGICAL_PATH_LIMITS.maxSegments) throw malformed(text, 'has too many segments');
  for (const segment of segments) {
    if (segment === '' || segment === '.' || segment === '..') throw malformed(text, 'is not normalised');
    if (LOST_ENDING.test(segment) || segment.startsWith(' ')) throw malformed(text, 'has a segment with a lost edge');
    if (encoder.encode(segment).length > LOGICAL_PATH_LIMITS.maxSegmentBytes) {
      throw malformed(text, 'has a segment that is too long');
    }
  }
  return { text, segments };
}

function malformed(text: string, problem: string): ExecutorError {
  return new ExecutorError('EXECUTOR_TARGET_MALFORMED', `path ${quoteForMessage(text)} ${problem}`, {
    pointer: '/target',
  });
}
