import { describe, expect, it } from 'vitest';
import { parseRange, rangeFromSearch, rangeText, searchFromRange, zoomOut } from './range.ts';

const NOW = Date.parse('2026-11-23T14:30:00Z');
const at = (text: string) => Date.parse(text);

describe('parseRange', () => {
  it.each([
    ['15m', 15 * 60_000],
    ['last 2 hours', 2 * 3_600_000],
    ['1.5d', 1.5 * 86_400_000],
    ['90 s', 90_000],
  ])('understands the length %j', (text, length) => {
    expect(parseRange(text, NOW, 'utc')).toMatchObject({ kind: 'last', length });
  });

  it.each([
    ['today', '2026-11-23T00:00:00Z', '2026-11-23T14:30:00Z'],
    ['yesterday', '2026-11-22T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['09:00 to 10:30', '2026-11-23T09:00:00Z', '2026-11-23T10:30:00Z'],
    ['2026-11-20 09:00 to now', '2026-11-20T09:00:00Z', '2026-11-23T14:30:00Z'],
    ['2026-11-20 – 2026-11-21 06:00:30', '2026-11-20T00:00:00Z', '2026-11-21T06:00:30Z'],
    ['2026-11-20T09:00:00.250Z/2026-11-20T10:00Z', '2026-11-20T09:00:00.250Z', '2026-11-20T10:00:00Z'],
  ])('understands %j', (text, from, to) => {
    expect(parseRange(text, NOW, 'utc')).toEqual({ kind: 'between', from: at(from), to: at(to) });
  });

  it.each(['', 'soon', '0m', '10:00 to 09:00', '500d', '1 to 2 to 3', '09:00'])('refuses %j', (text) => {
    expect(parseRange(text, NOW, 'utc')).toBeNull();
  });

  it('reads again what it writes', () => {
    const range = { kind: 'between', from: at('2026-11-20T09:00:00Z'), to: at('2026-11-20T10:00:05Z') } as const;
    expect(parseRange(rangeText(range, 'utc'), NOW, 'utc')).toEqual(range);
  });
});

describe('the range in an address', () => {
  it('is the last hour when there is none, or none that makes sense', () => {
    const hour = { kind: 'last', text: '1h', length: 3_600_000 };
    expect(rangeFromSearch({})).toEqual(hour);
    expect(rangeFromSearch({ range: 'x' })).toEqual(hour);
    expect(rangeFromSearch({ from: '2026-11-23', to: '2026-11-22' })).toEqual(hour);
  });
  it('comes back as it went', () => {
    const range = { kind: 'between', from: NOW - 1000, to: NOW } as const;
    const { from = '', to = '' } = searchFromRange(range);
    expect(rangeFromSearch({ from, to })).toEqual(range);
    expect(searchFromRange({ kind: 'last', text: '1h', length: 3_600_000 }).range).toBeUndefined();
  });
});

it('zooms out to twice the length, never beyond now', () => {
  expect(zoomOut({ from: NOW - 3000, to: NOW - 1000 }, NOW)).toEqual({ kind: 'between', from: NOW - 4000, to: NOW });
  expect(zoomOut({ from: NOW - 1000, to: NOW }, NOW)).toEqual({ kind: 'between', from: NOW - 1500, to: NOW });
});
