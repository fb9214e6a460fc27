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
    const { episodes } = await replayRule(rule, buckets, { from: start, to: start + durationMs });
    const { states } = await simulate(scenario);
    const times = (to: string) => states.filter((one) => one.to === to).map(({ t }) => start + t * 1_000);
    // An alert that fires again soon is the same one: only its first start and its last end are told.
    expect(times('firing')).toContain(episodes[0]?.start);
    expect(times('firing')).toHaveLength(episodes.reduce((sum, { flaps }) => sum + 1 + flaps, 0));
    expect(times('resolved').at(-1)).toBe(episodes.at(-1)?.end);
  },
);

test('the alerts on an error budget fire and end when the engine has them do so, and a changed one otherwise', async () => {
  const { scenario, buckets } = scenarioOf('l1-slo-outage');
  const { start, durationMs, config } = scenario;
  const span = { from: start, to: start + durationMs };
  const { states } = await simulate(scenario);
  // The two fastest: what tells the others apart is the length of their windows.
  for (const rule of config.rules.slice(0, 2)) {
    const { episodes } = await replayRule(rule, buckets, span);
    const first = (to: string) => states.find((one) => one.rule === rule.name && one.to === to)?.t;
    expect((Number(episodes[0]?.start) - start) / 1_000, rule.name).toBe(first('firing'));
    const end = episodes[0]?.end ?? null;
    expect(end === null ? undefined : (end - start) / 1_000, rule.name).toBe(first('resolved'));
    if (!rule.burn) throw new Error(`${rule.name} is not about an error budget`);
    const calm = { ...rule, burn: { ...rule.burn, factor: 2_000 } };
    expect((await replayRule(calm, buckets, span)).episodes, rule.name).toEqual([]);
  }
}, 120_000);

test('a changed rule is told apart from the one in use', async () => {
  const { scenario, rule, buckets } = scenarioOf('s1-burst-pages-and-escalates');
  const { start, durationMs } = scenario;
  const loose = { ...rule, condition: { ...rule.condition, threshold: 50 } };
  expect((await replayRule(loose, buckets, { from: start, to: start + durationMs })).episodes).toEqual([]);
  const { episodes } = await replayRule(rule, buckets, { from: start, to: start + durationMs });
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
  const { episodes, evaluations } = await replayRule(rule, source, { from, to: from + 24 * HOUR });
  expect(evaluations).toBe(24 * 240 + 1);
  expect(episodes.map(({ start }) => start)).toEqual([scenario.start + 90_000]);
  expect(asked.length).toBeLessThanOrEqual(6);
  const seams = asked.slice(1).map(({ from: begin }, index) => begin - (asked[index]?.to ?? 0));
  expect(seams).toEqual(seams.map(() => 0));
});
