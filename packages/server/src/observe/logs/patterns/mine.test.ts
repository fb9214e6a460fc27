import { expect, it, test } from 'vitest';
import { seededRandom } from '../../../../test/crash/seeded-random.mjs';
import { cpuMs } from '../../../../test/support/cpu-time.ts';
import { type MessageCount, maskMessage, minePatterns } from './mine.ts';

test.each([
  ['GET /restaurants/42/menu 200 in 12 ms', 'GET /restaurants/<*>/menu <*> in <*>'],
  ['refused 10.0.3.7:5432 at 2026-11-30T01:02:03.456Z', 'refused <*> at <*>'],
  ['user 0b9f3c1e-8f43-4c1b-9c55-3f1b8f0f6a10 rated "The Copper Pot"', 'user <*> rated "<*>"'],
  ['mail to ada@example.com by https://yumzoom.app/a?b=c done.', 'mail to <*> by <*> done.'],
  ['cache miss user:123:profile (took 4.2s)', 'cache miss user:<*>:profile (took <*>)'],
  ["can't open 'a b.txt'", "can't open '<*>'"],
  ['nothing differs here', 'nothing differs here'],
])('%s has the form %s', (message, masked) => {
  expect(maskMessage(message)).toBe(masked);
});

const NAMES = ['ada', 'bo', 'cleo', 'dan', 'eve', 'finn', 'gus', 'hana', 'ivo', 'jo', 'kim', 'lea', 'max', 'noa', 'oz'];
const PLACES = ['London', 'Leeds', 'Bath', 'York', 'Hull', 'Derby'];
const DISHES = ['ramen', 'pho', 'tacos', 'green curry', 'fish and chips', 'sourdough pizza', 'dal'];

type Draw = (below: number) => number;
const hex = (draw: Draw, length: number) => Array.from({ length }, () => draw(16).toString(16)).join('');
const one = (draw: Draw, list: readonly string[]) => list[draw(list.length)] as string;

/** Forty forms as applications write them; each makes a message from random values. */
const TEMPLATES: readonly (readonly [string, (draw: Draw) => string])[] = [
  ['GET /restaurants/<*> <*> in <*>', (d) => `GET /restaurants/${d(9_000)} ${200 + d(4)} in ${d(900)} ms`],
  ['POST /api/ratings <*> in <*>', (d) => `POST /api/ratings ${200 + d(300)} in ${d(900)} ms`],
  ['User <*> signed in from <*>', (d) => `User ${one(d, NAMES)} signed in from 10.0.${d(255)}.${d(255)}`],
  ['User <*> signed out', (d) => `User ${d(9_999)} signed out`],
  ['Order <*> was placed', (d) => `Order ord_${hex(d, 6)}7 was placed`],
  ['Order <*> was cancelled', (d) => `Order ord_${hex(d, 6)}7 was cancelled`],
  ['Order <*> was refunded', (d) => `Order ord_${hex(d, 6)}7 was refunded`],
  ['Payment for order <*> was accepted', (d) => `Payment for order ${d(9_999)} was accepted`],
  ['Payment for order <*> was refused', (d) => `Payment for order ${d(9_999)} was refused`],
  ['Cache miss for user:<*>:profile', (d) => `Cache miss for user:${d(9_999)}:profile`],
  ['Cache hit for user:<*>:profile', (d) => `Cache hit for user:${d(9_999)}:profile`],
  [
    'Connection to <*> was refused after <*> attempts',
    (d) => `Connection to 10.1.${d(9)}.${d(9)}:5432 was refused after ${d(9)} attempts`,
  ],
  ['Slow query took <*> on table <*>', (d) => `Slow query took ${d(9_000)} ms on table t_${d(99)}`],
  ['Rated restaurant "<*>" with <*> stars', (d) => `Rated restaurant "${one(d, DISHES)} bar" with ${d(5)} stars`],
  [
    'Search for <*> found <*> places near <*>',
    (d) => `Search for ${one(d, DISHES)} found ${d(50)} places near ${one(d, PLACES)}`,
  ],
  ['Mail to <*> was queued as <*>', (d) => `Mail to ${one(d, NAMES)}@example.com was queued as ${hex(d, 12)}1`],
  ['Job nightly-backup started as run <*>', (d) => `Job nightly-backup started as run ${d(9_999)}`],
  ['Job nightly-backup ended after <*>', (d) => `Job nightly-backup ended after ${d(900)} s`],
  ['Uploaded <*> to bucket photos', (d) => `Uploaded img_${d(9_999)}.jpg to bucket photos`],
  ['Deleted <*> expired sessions', (d) => `Deleted ${d(9_999)} expired sessions`],
  ['Worker <*> took job <*>', (d) => `Worker ${d(9)} took job ${hex(d, 8)}1`],
  ['Worker <*> is idle', (d) => `Worker ${d(9)} is idle`],
  ['Retrying webhook <*> in <*>', (d) => `Retrying webhook wh_${d(999)} in ${d(60)} s`],
  [
    'Feature flag new-checkout is on for <*> % of users',
    (d) => `Feature flag new-checkout is on for ${d(100)} % of users`,
  ],
  ['Rate limit of client <*> reached', (d) => `Rate limit of client 203.0.113.${d(255)} reached`],
  [
    'Token of user <*> expired at <*>',
    (d) => `Token of user ${d(9_999)} expired at 2026-11-${10 + d(19)}T0${d(9)}:11:22Z`,
  ],
  ['Reindexed <*> documents of shard <*>', (d) => `Reindexed ${d(99_999)} documents of shard ${d(16)}`],
  ['Menu of restaurant <*> has <*> items', (d) => `Menu of restaurant ${d(9_999)} has ${d(80)} items`],
  ['Photo <*> was rejected: too large', (d) => `Photo ${hex(d, 16)}9 was rejected: too large`],
  ['Photo <*> was rejected: not an image', (d) => `Photo ${hex(d, 16)}9 was rejected: not an image`],
  ['Geocoded <*> to <*>', (d) => `Geocoded "${one(d, PLACES)} ${d(99)}" to 51.${d(999)},-0.${d(999)}`],
  ['Table <*> booked for <*> people by <*>', (d) => `Table ${d(40)} booked for ${d(9)} people by ${one(d, NAMES)}`],
  ['Stripe answered <*> for charge <*>', (d) => `Stripe answered ${400 + d(99)} for charge ch_${hex(d, 8)}2`],
  ['Heartbeat of <*> is late by <*>', (d) => `Heartbeat of node-${d(20)} is late by ${d(99)} s`],
  ['Migration <*> applied', (d) => `Migration 00${d(99)} applied`],
  ['Started on port <*>', (d) => `Started on port ${3_000 + d(999)}`],
  ['Shutting down', () => 'Shutting down'],
  ['Configuration was reloaded', () => 'Configuration was reloaded'],
  ['Health check of redis took <*>', (d) => `Health check of redis took ${d(40)} ms`],
  ['Health check of postgres took <*>', (d) => `Health check of postgres took ${d(40)} ms`],
];

it('recovers forty known forms from a hundred thousand lines, at least 95 % of them', () => {
  const random = seededRandom(20_261_130);
  const draw: Draw = (below) => Math.floor(random() * below);
  const counts = new Map<string, MessageCount & { of: string }>();
  const expected = new Map<string, number>();
  for (let n = 0; n < 100_000; n += 1) {
    // Some forms are common, some rare, as in a real log.
    const [template, make] = TEMPLATES[Math.floor(random() ** 2 * TEMPLATES.length)] as (typeof TEMPLATES)[number];
    const example = make(draw);
    const message = example.replace(/\d+/g, '0');
    const known = counts.get(message) ?? { message, count: 0, errors: 0, example, of: template };
    known.count += 1;
    counts.set(message, known);
    expected.set(template, (expected.get(template) ?? 0) + 1);
  }
  let patterns: ReturnType<typeof minePatterns> = [];
  const took = cpuMs(() => {
    patterns = minePatterns(counts.values());
  });
  const found = new Map(patterns.map(({ template, count }) => [template, count]));
  const shape = (template: string) => template.replaceAll('"<*>"', '<*>').replace(/<\*>(?: %)?/g, '<*>');
  const byShape = new Map([...found].map(([template, count]) => [shape(template), count]));
  let right = 0;
  const wrong: string[] = [];
  for (const [template, count] of expected) {
    if (byShape.get(shape(template)) === count) right += count;
    else wrong.push(`${template}: ${byShape.get(shape(template))} of ${count}`);
  }
  expect(expected.size).toBe(40);
  expect(
    right / 100_000,
    `${wrong.join('\n')}\n${patterns.map((p) => `${p.count} ${p.template}`).join('\n')}`,
  ).toBeGreaterThanOrEqual(0.95);
  expect(took).toBeLessThan(5_000);
});

it('keeps apart what messages say, and takes for one what they say it of', () => {
  const message = (text: string) => ({ message: text, count: 1, errors: 0, example: text });
  const said = ['accepted', 'refused'].flatMap((word) =>
    NAMES.map((name) => message(`payment of ${name} was ${word}`)),
  );
  expect(minePatterns(said).map(({ template }) => template)).toEqual([
    'payment of <*> was accepted',
    'payment of <*> was refused',
  ]);
  const two = NAMES.flatMap((from, i) => [message(`${from} follows ${NAMES[(i * 7 + 3) % NAMES.length]} on the map`)]);
  expect(minePatterns(two).map(({ template, count }) => [template, count])).toEqual([
    ['<*> follows <*> on the map', 15],
  ]);
});
