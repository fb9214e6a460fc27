import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DropCounter } from '../transport/drop-counter.ts';
import { Logger } from './logger.ts';
import type { SamplingOptions } from './rate-guard.ts';

const START = Date.UTC(2026, 0, 5, 10);

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

function sampled(sampling: SamplingOptions) {
  const records: Record<string, unknown>[] = [];
  const sink = {
    write: (_level: number, line: string) => void records.push(JSON.parse(line) as Record<string, unknown>),
    flush: async () => true,
    close: async () => true,
  };
  const logger = new Logger({ level: 'trace', sampling, sinks: [sink] });
  const of = (message: string) => records.filter((record) => record['message'] === message);
  const counted = () => records.reduce((sum, { collapsed }) => sum + Number(collapsed ?? 1), 0);
  return { logger, records, of, counted };
}

it('collapses one message beyond its limit into an exact count, each second and at the end', async () => {
  const { logger, records, counted } = sampled({ perMessage: 10 });
  for (let second = 0; second < 3; second++) {
    for (let n = 0; n < 500; n++) logger.info(`order ${n} of 1${n} saved`, { n });
    vi.advanceTimersByTime(1000);
  }
  for (let n = 0; n < 25; n++) logger.info(`order ${n} of 1${n} saved`);
  await logger.flush();
  expect(counted()).toBe(1525);
  const counts = records.filter(({ collapsed }) => collapsed !== undefined);
  expect(counts.map(({ collapsed }) => collapsed)).toEqual([490, 490, 490, 15]);
  expect(counts[0]).toMatchObject({
    ...{ level: 'info', message: 'order # of # saved', since: new Date(START).toISOString() },
  });
});

it('tells messages and levels apart, and never leaves out a warning or a call of another kind', () => {
  const { logger, of } = sampled({ perMessage: 2, burst: 100 });
  for (let n = 0; n < 50; n++) {
    logger.info('one');
    logger.debug('one');
    logger.info({ n }, 'two');
    logger.warn('three');
    logger.error('four', new Error('x'));
    logger.businessEvent('five');
    logger.securityEvent('six', 'low');
  }
  const lines = ['one', 'two', 'three', 'four', 'Business Event: five', 'Security Event: six'];
  expect(lines.map((message) => of(message).length)).toEqual([4, 2, 50, 50, 50, 50]);
});

it('writes a share of what goes beyond the burst, and counts the rest', () => {
  const records: number[] = [];
  const sink = { write: (level: number) => void records.push(level), flush: async () => true, close: async () => true };
  const logger = new Logger({ level: 'trace', sampling: { burst: 100, rate: 0.1 }, sinks: [sink] });
  for (let n = 0; n < 1100; n++) logger.debug(`message ${'x'.repeat(n)}`);
  expect(records).toHaveLength(200);
  vi.advanceTimersByTime(500);
  for (let n = 0; n < 50; n++) logger.info('again');
  expect(records).toHaveLength(250);
});

it.each([
  { sampling: { perMessage: 0.5 }, written: 15 },
  { sampling: { perMessage: 0.1 }, written: 3 },
  { sampling: { perMessage: 0 }, written: 0 },
  { sampling: { burst: 0.1 }, written: 3 },
  { sampling: { burst: 0 }, written: 0 },
])('writes $written of one message within 30 s by $sampling', ({ sampling, written }) => {
  const { logger, records } = sampled(sampling);
  for (let tick = 0; tick < 300; tick++) {
    logger.info('line');
    vi.advanceTimersByTime(100);
  }
  expect(records.filter(({ message, collapsed }) => message === 'line' && collapsed === undefined)).toHaveLength(
    written,
  );
});

it('keeps count with more messages than it tells apart', async () => {
  const { logger, counted } = sampled({ perMessage: 1 });
  const name = (n: number) => String.fromCharCode(...[...String(n)].map((digit) => 97 + Number(digit)));
  for (let n = 0; n < 5000; n++) for (let again = 0; again < 3; again++) logger.info(`for ${name(n)}`);
  await logger.flush();
  expect(counted()).toBe(15_000);
});

it('tells people of losses by reason, at most every 30 s', () => {
  const told: string[] = [];
  const drops = new DropCounter((message) => told.push(message));
  drops.add('buffer_full', 3);
  drops.add('sampled', 7);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual(['lost 3 (buffer_full) records; left out by sampling: 7 (sampled)']);
  for (let second = 0; second < 29; second++) {
    drops.add('file_failed', 1);
    vi.advanceTimersByTime(1000);
  }
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(1000);
  expect(told.slice(1)).toEqual(['lost 29 (file_failed) records']);
  expect(drops.totals()).toEqual({ buffer_full: 3, sampled: 7, file_failed: 29 });
});

it('goes on from a clock that was put back', () => {
  const { logger, of } = sampled({ perMessage: 1 });
  logger.info('line');
  for (const at of [START - 3_600_000, START - 3_598_000]) {
    vi.setSystemTime(at);
    logger.info('line');
  }
  expect(of('line').length).toBe(2);
});
