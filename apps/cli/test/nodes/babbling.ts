import { serveNode } from '../../src/nodes/serve-node.ts';

// A node that sends something else than an answer, without end.
await serveNode(async () => Array.from({ length: 100_000 }, (_, number) => ({ number })));
