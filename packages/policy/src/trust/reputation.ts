import type { ConductDay } from '@exoarmur/contracts';

/** The figures of the reputation, as in `spec/facts.md`. Another number is another reputation. */
export const REPUTATION_PROFILE = Object.freeze({
  /** What is presumed of everybody, as so many good and bad ends of today: 1 of 4, below every floor of the safety gate. */
  presumedGood: 1,
  presumedBad: 3,
  /** What one end weighs for or against. */
  weights: Object.freeze({ completed: 1, failed: 1, denied: 2, ambiguous: 4 }),
  /** Good ends of one day that count: trust takes days to earn, however cheap the actions are. */
  goodPerDay: 10,
  /** Bad ends of one day and kind that count. */
  badPerDay: 10_000,
  /** What is left of a day's weight a day later, in thousandths. */
  decayMilli: 980,
  /** Days that count. */
  days: 365,
});

/** Weight of a day by its age, in ten-thousandths: 10,000 today, and then floor(w * 980 / 1000) of the day after it. */
const WEIGHTS: readonly number[] = (() => {
  const weights: number[] = [];
  for (let age = 0, weight = 10_000; age < REPUTATION_PROFILE.days; age += 1) {
    weights.push(weight);
    weight = Math.floor((weight * REPUTATION_PROFILE.decayMilli) / 1000);
  }
  return weights;
})();

/** The first day that counts on a day. */
export function firstDayOf(today: number): number {
  return today - REPUTATION_PROFILE.days + 1;
}

/**
 * Trust in an emitter in thousandths: the mean of a Beta distribution over how its actions ended, older days weighing less, in
 * whole numbers. Days in any order; one after `today` weighs as today. Pure. @throws RangeError for what is no count or day
 */
export function computeReputation(days: readonly ConductDay[], today: number): number {
  const { presumedGood, presumedBad, weights, goodPerDay, badPerDay } = REPUTATION_PROFILE;
  let good = presumedGood * 10_000;
  let bad = presumedBad * 10_000;
  assertWhole(today);
  for (const { day, completed, failed, denied, ambiguous } of days) {
    assertWhole(day);
    assertWhole(completed);
    assertWhole(failed);
    assertWhole(denied);
    assertWhole(ambiguous);
    const weight = WEIGHTS[Math.max(0, today - day)] ?? 0;
    good += weight * Math.min(completed, goodPerDay) * weights.completed;
    bad +=
      weight *
      (Math.min(failed, badPerDay) * weights.failed +
        Math.min(denied, badPerDay) * weights.denied +
        Math.min(ambiguous, badPerDay) * weights.ambiguous);
  }
  // INVARIANT: below 2^53, as long as no day comes twice: 365 * 10,000 * 70,000 * 1,000 is below 3e14.
  return Math.floor((good * 1000) / (good + bad));
}

function assertWhole(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('not a whole number of at least 0');
}
