import { expect, test } from 'vitest';
import { FakeClock } from '../../lib/clock.ts';
import { createLog } from '../../lib/log.ts';
import { AlertLoops } from './loops.ts';

const SECOND = 1_000;

test('timers and deliveries go on while an evaluation hangs', async () => {
  const clock = new FakeClock();
  let evaluations = 0;
  let served = 0;
  const engine = {
    now: () => clock.now(),
    lead: () => {
      evaluations++;
      return new Promise<number>(() => undefined);
    },
    serve: async () => {
      served++;
      return clock.now() + 60 * SECOND;
    },
  };
  const loops = new AlertLoops(
    engine,
    clock,
    createLog(clock, () => undefined),
  );
  loops.start();
  await clock.advance(10 * SECOND);
  expect(evaluations).toBe(1);
  expect(served).toBeGreaterThanOrEqual(10);
});

test('a failing evaluation is tried again and said once a minute, and deliveries go on', async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  let served = 0;
  const engine = {
    now: () => clock.now(),
    lead: () => Promise.reject(new Error('telemetry is away')),
    serve: async () => {
      served++;
      return clock.now() + 60 * SECOND;
    },
  };
  const loops = new AlertLoops(
    engine,
    clock,
    createLog(clock, (line) => lines.push(line)),
  );
  loops.start();
  await clock.advance(30 * SECOND);
  await loops.stop();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('telemetry is away');
  expect(served).toBeGreaterThanOrEqual(30);
});
