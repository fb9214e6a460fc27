import { expect, test } from 'vitest';
import { AlertRig, configOf } from '../../../test/support/alert-rig.ts';
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

test('a target that does not answer wakes nothing while it hangs, and gets the rest when its turn comes', async () => {
  let loops: AlertLoops | undefined;
  const config = configOf('pushed_alerts: [{notifications: [{slack: "#hangs"}]}]\ngrouping: {by: [n], group_wait: 0s}');
  const rig = new AlertRig(config, { leaseMs: 10 * SECOND, wake: () => loops?.wakeServing() });
  const { engine, clock, receivers } = rig;
  if (!engine) throw new Error('the rig has no engine');
  let runs = 0;
  const counted = {
    now: () => engine.now(),
    lead: () => engine.lead(),
    serve: () => {
      runs++;
      return engine.serve();
    },
  };
  loops = new AlertLoops(
    counted,
    clock,
    createLog(clock, () => undefined),
  );
  receivers.answer = () => ({ delayMs: 9 * SECOND });
  loops.start();
  await clock.advance(SECOND);
  await engine.accept(Array.from({ length: 100 }, (_, n) => ({ labels: { alertname: 'A', n: `${n}` } })));
  loops.wakeServing();
  await clock.advance(SECOND);
  const first = receivers.attempts;
  expect(first).toBeLessThan(100);
  runs = 0;
  await clock.advance(7 * SECOND);
  // The poll for what other instances may have written, once a second, and the evaluation.
  expect(runs).toBeLessThan(30);
  expect(receivers.attempts).toBe(first);
  await clock.advance(20 * SECOND);
  expect(receivers.attempts).toBe(100);
  await loops.stop();
});
