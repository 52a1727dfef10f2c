// node bench/replay-trail.ts EVENTS held|streamed: replays one trail and says how fast, and what memory it took. A held trail is
// sorted by the ancestor's rule; a streamed one is made while it is replayed, and only the replaying is counted.
import { EventReplay, ReplayEngine, type ReplayReport } from '@exoarmur/replay';
import { createEventTrail, streamEventTrail, TRAIL_ID } from './event-trail.ts';

const events = Number(process.argv[2]);
const isStreamed = process.argv[3] === 'streamed';
const megabytes = () => Math.round(process.memoryUsage().rss / 1e6);
const count = events.toLocaleString('en');
const check = ({ result, processed_events }: ReplayReport) => {
  if (result !== 'success' || processed_events !== events) throw new Error('a sound trail failed');
};

if (isStreamed) {
  let most = 0;
  let spent = 0;
  const replay = new EventReplay(TRAIL_ID);
  const buffer: Parameters<EventReplay['add']>[0][] = [];
  const drain = () => {
    const start = performance.now();
    for (const event of buffer) replay.add(event);
    spent += performance.now() - start;
    buffer.length = 0;
    most = Math.max(most, megabytes());
  };
  for (const event of streamEventTrail(events)) if (buffer.push(event) === 1000) drain();
  drain();
  check(replay.finish());
  const rate = Math.round(events / (spent / 1000)).toLocaleString('en');
  process.stdout.write(`trail of ${count} events, streamed: ${rate} events/s, ${most} MB resident at most\n`);
} else {
  const engine = new ReplayEngine({ auditStore: new Map([[TRAIL_ID, createEventTrail(events)]]) });
  const held = megabytes();
  const rates: number[] = [];
  const rounds = Math.max(3, Math.min(50, Math.floor(200_000 / events)));
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const report = engine.replayCorrelation(TRAIL_ID);
    rates.push(events / ((performance.now() - start) / 1000));
    check(report);
  }
  rates.sort((a, b) => a - b);
  const rate = Math.round(rates[Math.floor(rates.length / 2)] ?? 0).toLocaleString('en');
  const more = `${held} MB with the trail in memory, ${megabytes() - held} MB more while replaying`;
  process.stdout.write(`trail of ${count} events, held: ${rate} events/s, ${more}\n`);
}
