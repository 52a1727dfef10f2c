/**
 * The lawful lives of an action as words, written down on their own: the real machine must accept exactly the beginnings
 * of these. R received, D deny, A allow, Q require, W asked (one key needed), Y approved, N refused, T target valid,
 * X target not valid, G granted, C completed; the small letters close the stream: d denied, c cancelled,
 * n approval denied, t target refused, e executed.
 */
export type Token = 'R' | 'D' | 'A' | 'Q' | 'W' | 'Y' | 'N' | 'T' | 'X' | 'G' | 'C' | 'd' | 'c' | 'n' | 't' | 'e';

export const TOKENS: readonly Token[] = [...'RDAQWYNTXGCdcnte'] as Token[];

const AFTER_ALLOW = ['c', 'Xt', 'Tc', 'TGCe'];
const ROUNDS = ['', 'QW', 'QWY', 'QWYY', 'QWQW', 'QWYQW', 'QWQWY', 'QWYQWY'];

const words = (): string[] =>
  ROUNDS.flatMap((rounds) => {
    const tails = ['c', 'Qc', 'Dd'];
    if (rounds.endsWith('W') || rounds.endsWith('Y')) tails.push('Nn', 'NDn');
    if (!rounds.endsWith('W')) tails.push(...AFTER_ALLOW.map((end) => `A${end}`));
    return tails.map((tail) => `R${rounds}${tail}`);
  });

const beginnings = new Set(words().flatMap((word) => Array.from(word, (_, i) => word.slice(0, i + 1))));

/** Whether a word is the beginning of a lawful life of at most two rounds of at most two approvals. */
export const isLawfulWord = (word: string): boolean => beginnings.has(word);

/** Every such beginning. */
export const lawfulWords = (): readonly string[] => [...beginnings];
