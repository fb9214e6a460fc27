import type { ComponentStatus, MonitorState } from '@yumops/protocol';
import { expect, test } from 'vitest';
import { measuredStatus, overall, shownStatus } from './component-state.ts';
import { statusAt } from './post.ts';
import { insideNamesIn } from './private-words.ts';

test.each<[MonitorState[], ComponentStatus]>([
  [[], 'unknown'],
  [['paused'], 'unknown'],
  [['pending'], 'unknown'],
  [['up', 'unknown'], 'unknown'],
  [['up', 'network-down'], 'unknown'],
  [['up', 'paused'], 'operational'],
  [['up', 'up'], 'operational'],
  [['up', 'degraded'], 'degraded_performance'],
  [['up', 'down'], 'partial_outage'],
  [['down', 'unknown'], 'partial_outage'],
  [['down', 'down'], 'major_outage'],
])('checks that say %j make a component %s', (states, status) => {
  expect(measuredStatus(states)).toBe(status);
});

test.each<[ComponentStatus, Parameters<typeof shownStatus>[1], ComponentStatus]>([
  ['operational', [], 'operational'],
  ['operational', [{ kind: 'incident', status: 'partial_outage' }], 'partial_outage'],
  ['major_outage', [{ kind: 'incident', status: 'operational' }], 'major_outage'],
  ['unknown', [{ kind: 'incident', status: 'degraded_performance' }], 'degraded_performance'],
  ['major_outage', [{ kind: 'maintenance', status: 'under_maintenance' }], 'under_maintenance'],
])('a component that is %s, with %j, is shown as %s', (measured, said, shown) => {
  expect(shownStatus(measured, said)).toBe(shown);
});

test.each<[ComponentStatus[], string, string]>([
  [[], 'unknown', 'Nothing is measured here yet'],
  [['operational', 'operational'], 'none', 'Everything works'],
  [['operational', 'unknown'], 'unknown', 'The state of B is not known'],
  [['operational', 'degraded_performance'], 'minor', 'B is slower than usual'],
  [['partial_outage', 'partial_outage'], 'major', 'A and B are partly not available'],
  [['operational', 'major_outage'], 'critical', 'B is not available'],
  [['major_outage', 'major_outage'], 'critical', 'Nothing works at the moment'],
  [['under_maintenance', 'operational'], 'maintenance', 'We are working on A'],
])('components that are %j make the page %s', (statuses, indicator, sentence) => {
  const components = statuses.map((status, index) => ({ name: 'AB'[index] ?? '', status }));
  expect(overall(components)).toEqual({ indicator, sentence });
});

test.each([
  ['scheduled', 0, 'scheduled'],
  ['scheduled', 10, 'in_progress'],
  ['in_progress', 0, 'in_progress'],
  ['in_progress', 20, 'completed'],
  ['verifying', 25, 'verifying'],
  ['completed', 5, 'completed'],
] as const)('planned work that was set to %s is, at minute %d of 10 to 20, %s', (status, now, shown) => {
  expect(statusAt({ kind: 'maintenance', status, scheduledStart: 10, scheduledEnd: 20 }, now)).toBe(shown);
});

const NAMES = {
  words: ['YumZoom API Health', 'High Error Rate', 'api', 'oncall-1', 'Website', 'a+b (c)'],
  publicNames: ['Website', 'YumZoom'],
};

test.each<[string, string[]]>([
  ['We are looking into problems with the Website.', []],
  ['The high error rate rule fired', ['high error rate']],
  ['yumzoom api health is down', ['yumzoom api health']],
  ['Our api is slow, capital is not', []],
  ['oncall-1 has it; oncall-12 does not', ['oncall-1']],
  ['see 10.0.3.4 and db.internal', ['10.0.3.4', 'db.internal']],
  ['a+b (c) failed', ['a+b (c)']],
])('of "%s" visitors must not read %j', (text, found) => {
  expect(insideNamesIn(text, NAMES)).toEqual(found);
});
