import { expect, test } from 'vitest';
import { busyness } from '../examples/yumzoom/scripts/traffic/day.mjs';
import { pickWeighted, seededRandom } from '../examples/yumzoom/scripts/traffic/random.mjs';

/** The model behind YumZoom's visitors; that they come is proved with the site. */

const MINUTE = 60_000;

test('the same seed gives the same visitors, another seed others', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(draw(1).every((number) => number >= 0 && number < 1)).toBe(true);
});

test('a day passes in an hour, with the mean rate as asked, dinner the busiest and the night quiet', () => {
  const minutes = Array.from({ length: 60 }, (_, minute) => busyness(minute * MINUTE));
  const mean = minutes.reduce((sum, busy) => sum + busy, 0) / minutes.length;
  expect(mean).toBeCloseTo(1, 2);
  // It begins at 10:00; an hour of that day is two and a half minutes.
  const at = (hour: number) => busyness(((hour + 14) % 24) * 2.5 * MINUTE);
  expect(at(19)).toBeGreaterThan(at(12));
  expect(at(12)).toBeGreaterThan(at(16));
  expect(at(3)).toBeLessThan(0.5);
  expect(busyness(10 * MINUTE)).toBeCloseTo(busyness(70 * MINUTE));
});

test('choices come in proportion to their weights', () => {
  const random = seededRandom(3);
  const drawn = Array.from({ length: 10_000 }, () =>
    pickWeighted(random, [
      ['often', 9],
      ['never', 0],
      ['seldom', 1],
    ]),
  );
  expect(drawn.filter((choice) => choice === 'seldom').length / 10_000).toBeCloseTo(0.1, 1);
  expect(drawn).not.toContain('never');
});
