export { type AgreementExpectation, expectAgreement } from './agreement-oracle.ts';
export { type BundleFault, injectBundleFault } from './bundle-fault.ts';
export { createFaultGenerator, type FaultGenerator } from './fault-generator.ts';
export { FAULT_TYPES, type FaultHit, type FaultType, type InjectedFault, injectFault } from './inject-fault.ts';
export { FAULT_SCENARIOS, type FaultPlan, type FaultScenario, planScenario } from './scenario.ts';
