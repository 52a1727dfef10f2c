export { type ConformanceCase, HOSTILE_TENANT_NAMES, logStoreConformance } from './log-store-conformance.ts';
