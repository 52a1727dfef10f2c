/** What can be wrong with a stored log. */
export type FsckFindingCode =
  | 'entry_malformed'
  | 'entry_missing'
  | 'entry_scope_mismatch'
  | 'entry_column_mismatch'
  | 'head_size_mismatch'
  | 'head_root_mismatch'
  | 'kept_head_ahead'
  | 'kept_head_mismatch'
  | 'note_malformed'
  | 'note_root_mismatch'
  | 'note_signature_invalid'
  | 'payload_mismatch'
  | 'stream_listing_mismatch'
  | 'stream_prev_mismatch'
  | 'stream_reopened'
  | 'stream_seq_not_dense'
  | 'tile_mismatch'
  | 'tile_missing';

/** The first place where the store lies. */
export interface FsckFinding {
  readonly code: FsckFindingCode;
  /** Index of the record, or size of the tree, that it is about. */
  readonly index: number;
  readonly detail: string;
}

/** What was rebuilt, whether or not it was sound. */
export interface FsckCounts {
  readonly records: number;
  readonly streams: number;
  readonly payloads: number;
  /** Records whose payload is not there any more. */
  readonly erased: number;
  readonly notes: number;
  readonly tiles: number;
}

/** The answer of {@link fsckLog}. */
export type FsckReport =
  | { readonly outcome: 'sound'; readonly size: number; readonly root: Uint8Array; readonly counts: FsckCounts }
  | { readonly outcome: 'unsound'; readonly finding: FsckFinding; readonly counts: FsckCounts };

/** Thrown inside this folder only: the check ends at the first finding. */
export class Unsound extends Error {
  readonly finding: FsckFinding;

  constructor(code: FsckFindingCode, index: number, detail: string) {
    super(code);
    this.finding = { code, index, detail };
  }
}
