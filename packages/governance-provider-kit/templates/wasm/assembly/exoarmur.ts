// The verifier's side: takes the canonical request, hashes the artifact, asks provider.ts and writes the canonical response
// (spec/governance-artifacts.md of ExoArmur). Nothing here has to change for another artifact type.

import { Json } from './json';
import { verifyArtifact } from './provider';
import { sha256 } from './sha256';

/** Gives the verifier room for the request. Each run is a new instance, so nothing is ever freed. */
export function exoarmur_alloc(length: u32): u32 {
  return <u32>heap.alloc(length);
}

/** Answers the request of `length` bytes at `pointer`: address << 32 | length of the response. */
export function exoarmur_verify(pointer: u32, length: u32): u64 {
  const request = new Json(pointer, pointer + length);
  const reason = verifyArtifact(request);
  const response = new Writer(512);
  response.text('{"canonical_hash":"sha256:');
  writeHash(response, request.member('artifact'), request.member('schema_version'));
  response.text('","reason":');
  if (reason.length === 0) response.text('null');
  else {
    response.text('"');
    response.text(reason);
    response.text('"');
  }
  response.text(',"schema":"exoarmur.provider-response/1","valid":');
  response.text(reason.length === 0 ? 'true}' : 'false}');
  return ((<u64>response.begin) << 32) | <u64>(response.at - response.begin);
}

/** Hex of SHA-256(domain || 0x00 || JCS({artifact, schema_version})). Both are canonical as they came. */
function writeHash(response: Writer, artifact: Json, schemaVersion: Json): void {
  const input = new Writer(artifact.end - artifact.at + 256);
  input.text('exoarmur.governance-artifact/1\0{"artifact":');
  input.bytes(artifact);
  input.text(',"schema_version":');
  input.bytes(schemaVersion);
  input.text('}');
  const digest = <u32>heap.alloc(32);
  sha256(input.begin, input.at - input.begin, digest);
  for (let i: u32 = 0; i < 32; i++) {
    const byte = load<u8>(digest + i);
    response.nibble(byte >> 4);
    response.nibble(byte & 15);
  }
}

/** Bytes one after the other, in room that was taken at once. */
class Writer {
  readonly begin: u32;
  at: u32;

  constructor(capacity: u32) {
    this.begin = <u32>heap.alloc(capacity);
    this.at = this.begin;
  }

  text(ascii: string): void {
    for (let i = 0; i < ascii.length; i++) store<u8>(this.at++, <u8>ascii.charCodeAt(i));
  }

  bytes(json: Json): void {
    for (let from = json.at; from < json.end; from++) store<u8>(this.at++, load<u8>(from));
  }

  nibble(value: u8): void {
    store<u8>(this.at++, value < 10 ? 0x30 + value : 0x57 + value);
  }
}

/** In place of the import that a failed assertion would need: the run ends without an answer. */
export function abort(_message: usize, _file: usize, _line: u32, _column: u32): void {
  unreachable();
}
