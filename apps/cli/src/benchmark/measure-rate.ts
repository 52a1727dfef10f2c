/**
 * How often a task can be done in a second: the median of five rounds of a fifth of the time each, after one round that does
 * not count. The answers of a task are waited for.
 */
export async function measureRate(task: () => unknown, timeMs: number): Promise<number> {
  const rounds = 5;
  const rates: number[] = [];
  await measureRound(task, timeMs / rounds);
  for (let round = 0; round < rounds; round++) rates.push(await measureRound(task, timeMs / rounds));
  return rates.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
}

async function measureRound(task: () => unknown, timeMs: number): Promise<number> {
  const start = performance.now();
  let done = 0;
  let elapsed = 0;
  do {
    await task();
    done++;
    elapsed = performance.now() - start;
  } while (elapsed < timeMs);
  return (done * 1000) / elapsed;
}
