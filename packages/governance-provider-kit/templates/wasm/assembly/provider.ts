// What the provider is about: here an assessment of one of the levels that the operator accepts.

import { Json } from './json';

/**
 * Why the artifact of a request is not valid, 3 to 64 of `a-z0-9_`; empty when it is. `configuration` is the operator's, out of the
 * trust file; `subject` holds the digests of the action that the bundle proves, or is null.
 */
export function verifyArtifact(request: Json): string {
  const artifact = request.member('artifact');
  const level = artifact.member('level');
  if (!level.isString || !artifact.member('assessed_by').isString) return 'shape_invalid';
  const accepted = request.member('configuration').member('accepted_levels');
  return accepted.includes(level) ? '' : 'level_not_accepted';
}
