import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpExecutor } from '@exoarmur/executors';
import { formatIntentSchema } from '@exoarmur/policy';
import { verifyBundle } from '@exoarmur/replay';
import { expect, it } from 'vitest';
import { createConfig, createIntent } from '../test/configs.ts';
import { createBoundary } from './index.ts';

const SECRET = 'Bearer a-secret-of-the-operator';

it('a request goes through policy to its host, and one to a host that turned inward is refused on record', async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.end(`hello ${request.headers.authorization}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let address = '127.0.0.1';
  const executor = createHttpExecutor({
    rules: [
      {
        ...{ origin: `http://api.test:${port}`, methods: ['GET'], paths: ['/v1'], networks: ['127.0.0.0/8'] },
        secretHeaders: { authorization: SECRET },
      },
    ],
    resolver: async () => [address],
  });
  const policies = { api: 'permit(principal, action == Action::"http.get", resource in Host::"api.test");' };
  await using boundary = await createBoundary(
    createConfig({
      policy: {
        set: {
          ...{ schema: 'exoarmur.policy-set/1', language: 'cedar', policies },
          cedar_schema: formatIntentSchema(['http.get']),
        },
      },
      executors: [{ hosting: 'in_process_trusted', executor }],
    }),
  );
  const ask = (intent_id: string, path = '/v1/greeting') =>
    boundary.execute(createIntent({ intent_id, action_type: 'http.get', target: `http://api.test:${port}${path}` }));

  const done = await ask('intent-1');
  expect(done).toMatchObject({ status: 'completed', outcome: { claimed: { content: 'hello [redacted]' } } });
  const bundle = await done.bundle();
  expect((await verifyBundle(bundle)).checks.find(({ name }) => name === 'integrity')?.status).toBe('passed');
  expect(new TextDecoder().decode(bundle)).not.toContain('a-secret-of-the-operator');

  address = '169.254.169.254';
  const refused = await ask('intent-2');
  expect(refused).toMatchObject({ status: 'denied', code: 'BOUNDARY_TARGET_REFUSED', isClosed: true });
  expect(new TextDecoder().decode(await refused.bundle())).toContain('EXECUTOR_ADDRESS_FORBIDDEN');
  address = '127.0.0.1';
  expect(await ask('intent-3', '/admin')).toMatchObject({ status: 'denied', code: 'BOUNDARY_TARGET_REFUSED' });
  expect(asked).toEqual([SECRET]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
