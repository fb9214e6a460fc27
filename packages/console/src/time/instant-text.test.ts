import { expect, it } from 'vitest';
import { parseInstantText } from './instant-text.ts';

/** A Monday. */
const NOW = Date.parse('2026-11-23T14:30:00Z');

it.each([
  ['now', '2026-11-23T14:30:00Z'],
  ['in 3h', '2026-11-23T17:30:00Z'],
  ['today 03:00', '2026-11-23T03:00:00Z'],
  ['tomorrow 03:00', '2026-11-24T03:00:00Z'],
  ['Saturday 03:00', '2026-11-28T03:00:00Z'],
  ['sun 23:59', '2026-11-29T23:59:00Z'],
  ['mon 09:00', '2026-11-23T09:00:00Z'],
  ['2026-12-25 09:00', '2026-12-25T09:00:00Z'],
])('understands %j', (text, instant) => {
  expect(parseInstantText(text, NOW, 'utc')).toBe(Date.parse(instant));
});

it.each(['', 'soon', 'in a while', 'sat', '2026-10-25 01:30 Europe/London'])('leaves %j to others', (text) => {
  expect(parseInstantText(text, NOW, 'utc')).toBeNull();
});
