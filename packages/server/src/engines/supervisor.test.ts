import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { FakeClock, systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { type SuperviseOptions, Supervisor } from './supervisor.ts';

interface Rig {
  clock: FakeClock;
  started: ChildProcess[];
  options: SuperviseOptions;
}

/** Supervises processes that do nothing; `failing` starts fail, from the second on. */
function rig(failing = 0, extra: Partial<SuperviseOptions> = {}): Rig {
  const clock = new FakeClock();
  const started: ChildProcess[] = [];
  let failures = failing;
  const options: SuperviseOptions = {
    name: 'Sleeper',
    async launch() {
      if (started.length > 0 && failures-- > 0) throw new Error('not yet');
      const child = spawn('sleep', ['300'], { stdio: 'ignore' });
      await once(child, 'spawn');
      started.push(child);
      return child;
    },
    quit: (child) => child.kill('SIGTERM'),
    grace: 5_000,
    clock,
    log: createLog(systemClock, () => undefined),
    ...extra,
  };
  return { clock, started, options };
}

async function until(condition: () => boolean, step: () => Promise<void> = async () => undefined): Promise<void> {
  const end = Date.now() + 25_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('the condition did not come true in time');
    await step();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('starts again after an end that nobody asked for, and tells the listeners', async () => {
  const { clock, started, options } = rig();
  const supervisor = await Supervisor.start(options);
  const exits: unknown[] = [];
  supervisor.onExit((exit) => exits.push(exit));
  started[0]?.kill('SIGKILL');
  await until(
    () => started.length === 2,
    () => clock.advance(100),
  );
  expect(exits).toEqual([{ pid: started[0]?.pid, code: null, signal: 'SIGKILL' }]);
  expect(supervisor.pid).toBe(started[1]?.pid);
  await supervisor.stop();
  expect(exits).toHaveLength(1);
});

test('waits longer after every failed start', async () => {
  const { clock, started, options } = rig(6);
  const supervisor = await Supervisor.start(options);
  started[0]?.kill('SIGKILL');
  await until(() => supervisor.pid === undefined);
  const begin = clock.monotonic();
  await until(
    () => started.length === 2,
    () => clock.advance(500),
  );
  // 0.2 + 0.4 + … + 12.8 s, each ± 20 %.
  expect(clock.monotonic() - begin).toBeGreaterThan(25_400 * 0.8);
  await supervisor.stop();
});

test('a first start that fails is the caller’s', async () => {
  const { options } = rig(0, { launch: () => Promise.reject(new Error('no such program')) });
  await expect(Supervisor.start(options)).rejects.toThrow('no such program');
});

test('stops at once while it waits to start again', async () => {
  const { started, options } = rig();
  const supervisor = await Supervisor.start(options);
  started[0]?.kill('SIGKILL');
  await until(() => supervisor.pid === undefined);
  await supervisor.stop();
  expect(started).toHaveLength(1);
});

test('kills a process that does not end when it is asked to', async () => {
  const { clock, started, options } = rig(0, { quit: () => undefined });
  const supervisor = await Supervisor.start(options);
  const stopped = supervisor.stop();
  await clock.advance(4_999);
  expect(started[0]?.signalCode).toBeNull();
  await clock.advance(1);
  await stopped;
  expect(started[0]?.signalCode).toBe('SIGKILL');
});

test('kills and starts again what no longer answers, but forgives a single silence', async () => {
  let silent = false;
  let probes = 0;
  const probe = () => {
    probes++;
    return silent ? new Promise<void>(() => undefined) : Promise.resolve();
  };
  const { clock, started, options } = rig(0, { probe });
  const supervisor = await Supervisor.start(options);
  silent = true;
  await clock.advance(10_000 + 20_000);
  silent = false;
  await clock.advance(60_000);
  expect(started).toHaveLength(1);
  expect(probes).toBeGreaterThan(4);
  silent = true;
  await until(
    () => started.length === 2,
    () => clock.advance(5_000),
  );
  expect(started[0]?.signalCode).toBe('SIGKILL');
  await supervisor.stop();
});
