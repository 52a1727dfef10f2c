import { encodeHex, parseVerifierKey } from '@exoarmur/canonical';
import { SdkError } from '@exoarmur/sdk';
import { createSqliteOperatorStore, openSqliteLogStore } from '@exoarmur/store-sqlite';

/** The operator whose key it is; a revoked one only where what it signs is refused on record. @throws SdkError SDK_ANSWER_REFUSED */
export async function findOperator(
  path: string,
  tenant: string,
  vkey: string,
  { isRevokedOne = false }: { readonly isRevokedOne?: boolean } = {},
): Promise<string> {
  const database = openSqliteLogStore({ path });
  try {
    const operators = createSqliteOperatorStore(database, tenant);
    const known = await operators.findByKeyId(encodeHex(parseVerifierKey(vkey).keyId));
    const operator = known.find((candidate) => candidate.vkey === vkey);
    if (operator === undefined) throw new SdkError('SDK_ANSWER_REFUSED', 'the key belongs to no operator');
    if (operator.isRevoked && !isRevokedOne) throw new SdkError('SDK_ANSWER_REFUSED', 'the key was revoked');
    return operator.operatorId;
  } finally {
    await database.close();
  }
}
