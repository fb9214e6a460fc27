import { expect, test } from 'vitest';
import type { Episode, Plan } from '../episode.ts';
import { decide } from './decide.ts';
import { batchKey, type GroupState, type Told } from './state.ts';

const NOW = 1_767_607_200_000;
const MINUTE = 60_000;
const KEY = batchKey(0, '[["alertname","x"]]');
const TARGET = 'webhook/w';

const PLAN: Plan = {
  ...{ policy: null, steps: [{ delayMs: 0, targets: [{ channel: 'webhook', target: 'w', broken: null }] }] },
  ...{ repeat: { everyMs: 10 * MINUTE, max: null }, meta: [], withoutResolved: [], groupWaitMs: 0 },
  ...{ groupIntervalMs: MINUTE, ackTimeoutMs: 30 * MINUTE, batch: true, endsWait: true },
};

function alert(id: string, state: Episode['state'], plan: Plan): Episode {
  return {
    ...{ rule: 'x', severity: 'warning', labels: { alertname: 'x', id }, annotations: {}, summary: id, sentence: '' },
    ...{ query: '', value: null, sample: null, threshold: null, unit: null, windowMs: null, runbook: null },
    ...{ id, fingerprint: id.padEnd(64, '0'), episode: 1, round: 0, origin: 'pushed', ruleId: 'pushed', groupKey: KEY },
    ...{ state, startedAt: NOW - MINUTE, firedAt: NOW - MINUTE, resolvedAt: state === 'resolved' ? NOW : null },
    ...{ resolveReason: state === 'resolved' ? 'over' : null, plan, lastStep: -1, repeats: 0, ack: null },
    ...{ flips: [], flappingSince: null, raises: 0 },
  } as Episode;
}

/** What is told at a flush: `kind: firing ids / ended ids`. */
function told(firing: string[], ended: string[], log: Told | undefined, hearsEnds = true): string | null {
  const plan = hearsEnds ? PLAN : { ...PLAN, withoutResolved: [TARGET] };
  const alerts = [...firing.map((id) => alert(id, 'firing', plan)), ...ended.map((id) => alert(id, 'resolved', plan))];
  const state: GroupState = {
    ...{ key: KEY, anchorAt: NOW - 60 * MINUTE, messages: new Map() },
    alerts: new Map(alerts.map((one) => [one.id, one])),
    timers: new Map([['t', { alertId: alerts[0]?.id ?? '', kind: 'flush', step: 0, dueAt: NOW }]]),
    told: new Map(log ? [[TARGET, log]] : []),
  };
  const onCall = () => ({ people: [], targets: [], problem: null });
  const { messages } = decide(state, [], NOW, { silences: [], firing: [], onCall }).state;
  const [message] = [...messages.values()];
  if (!message) return null;
  const ids = (over: boolean) => message.alerts.filter((one) => (one.ended ?? false) === over).map(({ id }) => id);
  return `${message.kind}: ${ids(false).join(' ')} / ${ids(true).join(' ')}`;
}

const log = (firing: string[], minutesAgo: number, listed = firing): Told => ({
  ...{ firing, listed, at: NOW - minutesAgo * MINUTE, count: 1 },
});

// The table of Alertmanager's deduplication.
test.each<[string, Parameters<typeof told>, string | null]>([
  ['nothing was told, and something fires', [['a'], [], undefined], 'firing: a / '],
  ['nothing was told, and all ended', [[], ['a'], undefined], null],
  ['something else fires', [['a', 'b'], [], log(['a'], 1)], 'firing: a b / '],
  ['the same fires, and its repeat is not due', [['a', 'b'], [], log(['a', 'b'], 9)], null],
  ['the same fires, and its repeat is due', [['a', 'b'], [], log(['a', 'b'], 11)], 'repeat: a b / '],
  ['what ended was told to have ended', [[], ['a', 'b'], log([], 1)], null],
  ['some ended, and the receiver wants no ends', [['a'], ['b'], log(['a', 'b'], 1), false], null],
  ['some ended', [['a'], ['b'], log(['a', 'b'], 1)], 'update: a / b'],
  ['all ended', [[], ['a', 'b'], log(['a', 'b'], 1)], 'resolved:  / a b'],
  ['all ended, and the receiver wants no ends', [[], ['a', 'b'], log(['a', 'b'], 1), false], null],
  ['one was muted and speaks again', [['a', 'b'], [], log(['a', 'b'], 1, ['a'])], 'firing: a b / '],
])('%s', (_title, given, expected) => {
  expect(told(...given)).toBe(expected);
});
