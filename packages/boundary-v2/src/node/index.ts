export { writeBundle } from './durable-file.ts';
export { createFileGrantStore } from './file-grant-store.ts';
export { createMachineProbe, type MachineProbe, type MachineProbeOptions } from './machine-probe.ts';
