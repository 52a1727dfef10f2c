import { serveNode } from '../../src/nodes/serve-node.ts';

// A node that never answers.
await serveNode(() => new Promise(() => setInterval(() => undefined, 1000)));
