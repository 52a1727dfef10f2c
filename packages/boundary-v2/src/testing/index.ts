export { approvalInboxConformance } from './approval-inbox-conformance.ts';
export { conductStoreConformance } from './conduct-store-conformance.ts';
export type { ConformanceCase } from './conformance-case.ts';
export { grantStoreConformance } from './grant-store-conformance.ts';
export { limitStoreConformance } from './limit-store-conformance.ts';
export { operatorStoreConformance } from './operator-store-conformance.ts';
export { policyActivationStoreConformance } from './policy-activation-store-conformance.ts';
export { standingGrantStoreConformance } from './standing-grant-store-conformance.ts';
export { switchCommandStoreConformance } from './switch-command-store-conformance.ts';
