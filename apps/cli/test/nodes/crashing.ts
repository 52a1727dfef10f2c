import { serveNode } from '../../src/nodes/serve-node.ts';

// A node that dies when it is asked.
await serveNode(async () => process.exit(7));
