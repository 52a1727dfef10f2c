import { createSigner, encodeHex, parseVerifierKey } from '@exoarmur/canonical';
import type { Operator, OperatorStore } from '@exoarmur/contracts';
import { type ConformanceCase, rule, same } from './conformance-case.ts';

const vkeyOf = (name: string, seed: number) => createSigner(name, new Uint8Array(32).fill(seed)).vkey;
const keyIdOf = (vkey: string) => encodeHex(parseVerifierKey(vkey).keyId);
const ALICE: Operator = {
  operatorId: 'alice',
  vkey: vkeyOf('alice.test', 1),
  roles: ['admin', 'operator'],
  clearance: 'A2_hard_containment',
  actorIds: ['agent-of-alice'],
  isRevoked: false,
};
const ALICE_PHONE: Operator = { ...ALICE, vkey: vkeyOf('alice.test/phone', 2) };
const BOB: Operator = { operatorId: 'bob', vkey: vkeyOf('bob.test', 3), roles: [], isRevoked: false };

/** The conformance suite of the port `OperatorStore`. */
export const operatorStoreConformance: readonly ConformanceCase<OperatorStore>[] = [
  rule('what was added is found by its key id, with every member', async (store) => {
    same(await store.add(ALICE), 'added', 'alice');
    same(await store.add(BOB), 'added', 'bob');
    same(await store.findByKeyId(keyIdOf(ALICE.vkey)), [ALICE], 'alice');
    same(await store.findByKeyId(keyIdOf(BOB.vkey)), [BOB], 'bob');
    same(await store.findByKeyId('00000000'), [], 'nobody');
    same(await store.list(), [ALICE, BOB], 'list');
  }),
  rule('a key belongs to one operator for ever, also under another name of the key', async (store) => {
    await store.add(ALICE);
    same(await store.add(ALICE), 'key_taken', 'again');
    same(await store.add({ ...BOB, vkey: vkeyOf('bob.test', 1) }), 'key_taken', 'same key, other name');
    await store.revoke('alice');
    same(await store.add({ ...ALICE, roles: ['superuser'] }), 'key_taken', 'after revocation');
    same(await store.list(), [{ ...ALICE, isRevoked: true }], 'list');
  }),
  rule('a key that cannot be read is not added', async (store) => {
    const added = await store.add({ ...BOB, vkey: 'no key' }).then(
      () => true,
      () => false,
    );
    same(added, false, 'added');
    same(await store.list(), [], 'list');
  }),
  rule('a revocation takes every key of an operator, or one, for good', async (store) => {
    for (const operator of [ALICE, ALICE_PHONE, BOB]) await store.add(operator);
    same(await store.revoke('alice', ALICE_PHONE.vkey), 1, 'one key');
    same((await store.findByKeyId(keyIdOf(ALICE.vkey)))[0]?.isRevoked, false, 'the other key');
    same(await store.revoke('alice'), 1, 'the rest');
    same(await store.revoke('alice'), 0, 'again');
    same(await store.revoke('nobody'), 0, 'unknown');
    same(
      (await store.list()).map(({ isRevoked }) => isRevoked),
      [true, true, false],
      'list',
    );
  }),
];
