import type { MonitorState } from '@yumops/protocol';
import { expect, test } from 'vitest';
import { outagesOf } from './outages.ts';

const event = (minute: number, to_state: MonitorState) => ({
  at: new Date(Date.UTC(2026, 0, 5, 10, minute)),
  to_state,
  reason: to_state === 'down' ? `Down at ${minute}.` : null,
});
const at = (minute: number) => `2026-01-05T10:0${minute}:00.000Z`;
const outagesOfStory = (...events: ReturnType<typeof event>[]) => outagesOf(events.reverse());

test('an outage lasts from down to the next trusted state', () => {
  expect(outagesOfStory(event(1, 'up'), event(2, 'down'), event(4, 'degraded'), event(5, 'up'))).toEqual([
    { startedAt: at(2), endedAt: at(4), reason: 'Down at 2.' },
  ]);
});

test('one that lasts has no end, and the newest comes first', () => {
  expect(outagesOfStory(event(1, 'down'), event(2, 'up'), event(3, 'down'))).toEqual([
    { startedAt: at(3), endedAt: null, reason: 'Down at 3.' },
    { startedAt: at(1), endedAt: at(2), reason: 'Down at 1.' },
  ]);
});

test('blindness in between does not cut it in two', () => {
  expect(outagesOfStory(event(1, 'down'), event(2, 'network-down'), event(3, 'down'), event(4, 'up'))).toEqual([
    { startedAt: at(1), endedAt: at(4), reason: 'Down at 1.' },
  ]);
});
