import { expect, test } from 'vitest';
import type { Message } from '../group/state.ts';
import { type Departure, pickThrottled } from './throttle.ts';

const NOW = 10_000_000;

function sms(groupKey: string, target: string): Message {
  return {
    ...{ id: `${groupKey}/${target}`, key: '', groupKey, channel: 'sms', target, kind: 'firing', step: 0, alerts: [] },
    ...{ status: 'queued', attempts: 0, body: {} as Message['body'], reason: '', lastError: null },
    ...{ createdAt: NOW, dueAt: NOW, nextAttemptAt: NOW, sentAt: null, maybeDelivered: false, attemptedAt: null },
    ...{ uncertainSince: null, interruptions: 0, fallbackAt: null, receipt: null, report: null, reportedAt: null },
    bundle: null,
  };
}

/** What left for other people in the last seconds, about one group. */
function left(count: number, groupKey: string): Departure[] {
  return Array.from({ length: count }, (_, n) => ({
    ...{ id: `old-${n}`, channel: 'sms', target: `+44${n}`, kind: 'firing', groupKey, at: NOW - 1_000 },
  }));
}

test('news of a group that nobody has heard of overtakes the backlog of another', () => {
  const backlog = ['+491', '+492', '+493'].map((target) => sms('busy', target));
  const { leaving, waiting } = pickThrottled([...backlog, sms('new', '+499')], left(4, 'busy'), NOW);
  expect(leaving.flat().map(({ id }) => id)).toEqual(['new/+499']);
  expect(waiting.map(({ message, until, why }) => [message.id, until, why])).toEqual(
    backlog.map(({ id }) => [id, NOW + 4_000, 'at most 5 in 5 s to everybody']),
  );
});

test('without a backlog they leave in their order, five in five seconds', () => {
  const due = Array.from({ length: 7 }, (_, n) => sms('new', `+49${n}`));
  const { leaving, waiting } = pickThrottled(due, [], NOW);
  expect(leaving.flat()).toEqual(due.slice(0, 5));
  expect(waiting.map(({ message }) => message)).toEqual(due.slice(5));
});

test('the end of what the platform spoke of itself in between does not overtake it, neither now nor while all wait', () => {
  const mail = (id: string, kind: Message['kind']): Message => ({
    ...{ ...sms('g', 'ops@example.com'), channel: 'email', id, kind },
  });
  const due = [mail('begins', 'firing'), mail('slack fails', 'meta'), mail('ends', 'resolved')];
  const idsOf = (lists: Message[][]) => lists.map((list) => list.map(({ id }) => id));
  for (let left = 0; left < due.length; left++) {
    const { leaving, waiting } = pickThrottled(due.slice(left), [], NOW);
    expect({ leaving: idsOf(leaving), waiting }).toEqual({ leaving: [[due[left]?.id]], waiting: [] });
  }
  const just = {
    id: 'old',
    channel: 'email',
    target: 'ops@example.com',
    kind: 'firing',
    groupKey: 'other',
    at: NOW - 1,
  };
  const held = pickThrottled(due, [just], NOW);
  expect(held.leaving).toEqual([]);
  expect(held.waiting.map(({ message }) => message.id)).toEqual(['begins', 'slack fails', 'ends']);
});
