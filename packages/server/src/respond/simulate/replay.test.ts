import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadScenario } from '../../config/index.ts';
import type { BucketQuery } from '../alerting/index.ts';
import { SimulatedBuckets, samplesOf } from './buckets.ts';
import { replayRule } from './replay.ts';
import { simulate } from './simulation.ts';

const HOUR = 3_600_000;

function scenarioOf(name: string) {
  const path = fileURLToPath(new URL(`../../../../../testdata/scenarios/${name}.scenario.yml`, import.meta.url));
  const { scenario } = loadScenario(path, { env: {} });
  const [rule] = scenario?.config.rules ?? [];
  if (!scenario || !rule) throw new Error(`${name} does not load`);
  const buckets = new SimulatedBuckets();
  for (const { at, what } of scenario.input) {
    if (what.kind === 'check' || what.kind === 'ping' || what.kind === 'alert') continue;
    for (const t of at)
      for (const sample of samplesOf(what, scenario.start + t, { service: 'app' })) buckets.add(sample);
  }
  return { scenario, rule, buckets };
}

test.each(['s1-burst-pages-and-escalates', 'b5-keep-firing', 'b1-pending-firing-resolved'])(
  'fires and ends when the engine does: %s',
  async (name) => {
    const { scenario, rule, buckets } = scenarioOf(name);
    const { start, durationMs } = scenario;
    const { episodes } = await replayRule(rule, buckets, start, start + durationMs);
    const { states } = await simulate(scenario);
    const times = (to: string) => states.filter((one) => one.to === to).map(({ t }) => start + t * 1_000);
    // An alert that fires again soon is the same one: only its first start and its last end are told.
    expect(times('firing')).toContain(episodes[0]?.start);
    expect(times('firing')).toHaveLength(episodes.reduce((sum, { flaps }) => sum + 1 + flaps, 0));
    expect(times('resolved').at(-1)).toBe(episodes.at(-1)?.end);
  },
);

test('a changed rule is told apart from the one in use', async () => {
  const { scenario, rule, buckets } = scenarioOf('s1-burst-pages-and-escalates');
  const { start, durationMs } = scenario;
  const loose = { ...rule, condition: { ...rule.condition, threshold: 50 } };
  expect((await replayRule(loose, buckets, start, start + durationMs)).episodes).toEqual([]);
  const { episodes } = await replayRule(rule, buckets, start, start + durationMs);
  expect(episodes).toMatchObject([
    { labels: { service: 'api' }, start: start + 90_000, end: start + 915_000, flaps: 0 },
  ]);
});

test('days of history are read in pieces of six hours, each once', async () => {
  const { scenario, rule, buckets } = scenarioOf('s1-burst-pages-and-escalates');
  const asked: BucketQuery[] = [];
  const source = {
    async read(query: BucketQuery) {
      asked.push(query);
      return buckets.read(query);
    },
  };
  const from = scenario.start - 23 * HOUR;
  const { episodes, evaluations } = await replayRule(rule, source, from, from + 24 * HOUR);
  expect(evaluations).toBe(24 * 240 + 1);
  expect(episodes.map(({ start }) => start)).toEqual([scenario.start + 90_000]);
  expect(asked.length).toBeLessThanOrEqual(6);
  const seams = asked.slice(1).map(({ from: begin }, index) => begin - (asked[index]?.to ?? 0));
  expect(seams).toEqual(seams.map(() => 0));
});
