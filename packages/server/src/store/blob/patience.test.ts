import { expect, test } from 'vitest';
import { sendPatiently } from './patience.ts';

const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
const slowDown = Object.assign(new Error('slow down'), { $metadata: { httpStatusCode: 503 } });

function attempts(error: Error, failures: number) {
  const slept: number[] = [];
  let sent = 0;
  const clock = { sleep: async (ms: number) => void slept.push(ms) };
  const send = async () => {
    if (sent++ < failures) throw error;
    return 'stored';
  };
  return { slept, result: sendPatiently(send, undefined, clock) };
}

test('waits for minutes for a network that is away, and longer each time', async () => {
  const { slept, result } = attempts(refused, 9);
  expect(await result).toBe('stored');
  expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(4 * 60_000);
  expect([...slept].sort((a, b) => a - b)).toEqual(slept);
});

test('gives up at last, and at once what the service answers', async () => {
  await expect(attempts(refused, 10).result).rejects.toBe(refused);
  const answered = attempts(slowDown, 1);
  await expect(answered.result).rejects.toBe(slowDown);
  expect(answered.slept).toEqual([]);
});
