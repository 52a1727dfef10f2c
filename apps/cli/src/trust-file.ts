/** Text of a trust file (C2SP tlog-policy) that trusts one log key and asks for no witness. */
export function formatTrustFile(vkey: string): string {
  return `log ${vkey}\nquorum none\n`;
}
