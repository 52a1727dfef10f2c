// node bench/replay-trail.ts EVENTS: replays one trail a few times and says how fast, and what memory it took beside its events.
import { ReplayEngine } from '@exoarmur/replay';
import { createEventTrail, TRAIL_ID } from './event-trail.ts';

const events = Number(process.argv[2]);
const trail = createEventTrail(events);
const engine = new ReplayEngine({ auditStore: new Map([[TRAIL_ID, trail]]) });
const held = process.memoryUsage().rss;
const rates: number[] = [];
const rounds = Math.max(3, Math.min(50, Math.floor(200_000 / events)));
for (let round = 0; round < rounds; round++) {
  const start = performance.now();
  const report = engine.replayCorrelation(TRAIL_ID);
  rates.push(events / ((performance.now() - start) / 1000));
  if (report.result !== 'success' || report.processed_events !== events) throw new Error('a sound trail failed');
}
rates.sort((a, b) => a - b);
const rate = Math.round(rates[Math.floor(rates.length / 2)] ?? 0).toLocaleString('en');
const more = Math.round((process.memoryUsage().rss - held) / 1e6);
process.stdout.write(
  `trail of ${events.toLocaleString('en')} events: ${rate} events/s, ${Math.round(held / 1e6)} MB with the trail in memory, ${more} MB more while replaying\n`,
);
