import { expect, test } from 'vitest';
import { look, newWatch, noteTold, takeBeat, toTell, type WatchState } from './judge.ts';

const RULES = { everyMs: 60_000, misses: 3 };
const RECEIVERS = ['email/a@example.com', 'sms/+442071838750'];

test('three beats that do not come are an outage, two are not', () => {
  const beaten = takeBeat(newWatch(0), 1, 60_000);
  expect(look(beaten, RULES, 240_000).outage).toBeNull();
  expect(look(beaten, RULES, 240_001).outage).toMatchObject({ number: 1, since: 60_000, endedAt: null });
});

test('a platform that never gave a sign counts from the start of the watch', () => {
  expect(look(newWatch(1_000), RULES, 181_000).outage).toBeNull();
  expect(look(newWatch(1_000), RULES, 181_001).outage).toMatchObject({ since: 1_000 });
});

test('a beat that is repeated is no sign of life', () => {
  const beaten = takeBeat(newWatch(0), 5, 60_000);
  expect(takeBeat(beaten, 5, 120_000)).toBe(beaten);
});

function outage(): WatchState {
  return look(newWatch(0), RULES, 200_000);
}

test('everybody is told, again after a quarter of an hour, and of the end', () => {
  let state = outage();
  expect(toTell(state, RECEIVERS, 200_000)).toEqual(RECEIVERS.map((receiver) => ({ receiver, of: 'begin' })));
  for (const receiver of RECEIVERS) state = noteTold(state, receiver, 'begin', 200_000);
  expect(toTell(state, RECEIVERS, 1_099_999)).toEqual([]);
  expect(toTell(state, RECEIVERS, 1_100_000)).toHaveLength(2);
  state = takeBeat(state, 1, 1_200_000);
  expect(toTell(state, RECEIVERS, 1_200_000)).toEqual(RECEIVERS.map((receiver) => ({ receiver, of: 'end' })));
  for (const receiver of RECEIVERS) state = noteTold(state, receiver, 'end', 1_200_000);
  expect(state.outage).toBeNull();
  expect(look(takeBeat(state, 2, 1_300_000), RULES, 1_600_000).outage).toMatchObject({ number: 2 });
});

test('who was not told of the beginning is not told of the end', () => {
  const state = takeBeat(noteTold(outage(), 'email/a@example.com', 'begin', 200_000), 1, 300_000);
  expect(toTell(state, RECEIVERS, 300_000)).toEqual([{ receiver: 'email/a@example.com', of: 'end' }]);
});

test('an outage that nobody was told of ends quietly', () => {
  expect(takeBeat(outage(), 1, 300_000).outage).toBeNull();
});
