export { MemoryHeadKeeper } from './memory-head-keeper.ts';
export { MemoryLogStore } from './memory-log-store.ts';
