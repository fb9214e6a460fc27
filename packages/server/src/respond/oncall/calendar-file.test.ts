import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calendarFile, calendarRange } from './calendar-file.ts';
import type { Schedule } from './schedule.ts';
import { shifts } from './shifts.ts';
import { layer, schedule } from './testing/schedules.ts';

const NOW = Date.UTC(2026, 3, 15, 12);

interface Event {
  [name: string]: string;
}

/** Reads a calendar as RFC 5545 says, and refuses what it does not allow. */
function parse(file: string): { head: Event; events: Event[] } {
  expect(file.endsWith('\r\n')).toBe(true);
  const physical = file.slice(0, -2).split('\r\n');
  for (const line of physical) {
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(line).not.toMatch(/[\r\n]/);
  }
  const lines = physical.join('\r\n').replaceAll('\r\n ', '').split('\r\n');
  expect([lines[0], lines.at(-1)]).toEqual(['BEGIN:VCALENDAR', 'END:VCALENDAR']);
  const head: Event = {};
  const events: Event[] = [];
  let current = head;
  for (const line of lines.slice(1, -1)) {
    const [, name = '', value = ''] =
      /^([A-Z-]+)(?:;[A-Z]+=[A-Z]+)?:(.*)$/u.exec(line) ?? expect.fail(`no property: ${line}`);
    if (line === 'BEGIN:VEVENT') {
      expect(current).toBe(head);
      current = {};
      events.push(current);
    } else if (line === 'END:VEVENT') current = head;
    else {
      expect(current[name]).toBeUndefined();
      current[name] = value.replace(/\\([\\;,nN])/g, (_all, character) => (/n/i.test(character) ? '\n' : character));
    }
  }
  expect(current).toBe(head);
  return { head, events };
}

const instant = (text = '') => Date.parse(text.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'));
const named = (name: string): Schedule => schedule({ name, layers: [layer({ people: [name, 'grace'] })] });

test('has the shifts of the schedule, in UTC', () => {
  const { head, events } = parse(calendarFile(schedule(), NOW));
  expect(head).toMatchObject({ VERSION: '2.0', 'X-WR-CALNAME': 'On call: primary', CALSCALE: 'GREGORIAN' });
  const { from, to } = calendarRange(NOW);
  expect([new Date(from).toISOString(), new Date(to).toISOString()]).toEqual([
    '2026-03-01T00:00:00.000Z',
    '2026-11-01T00:00:00.000Z',
  ]);
  expect(events.map(({ DTSTART, DTEND }) => [instant(DTSTART), instant(DTEND)])).toEqual(
    shifts(schedule(), from, to).map(({ start, end }) => [start, end]),
  );
  expect(events[1]).toMatchObject({
    DTSTAMP: '20260415T120000Z',
    DTSTART: '20260329T010000Z',
    DTEND: '20260405T003000Z',
    SUMMARY: 'grace on call: primary',
    TRANSP: 'TRANSPARENT',
  });
});

test('an event keeps its UID over fetches, months and other changes; no two share one', () => {
  const uids = (of: Schedule, now: number) => {
    const { events } = parse(calendarFile(of, now));
    return new Map(events.map(({ UID = '', DTSTART = '' }) => [DTSTART, UID]));
  };
  const first = uids(schedule(), NOW);
  expect(new Set(first.values()).size).toBe(first.size);
  const later = uids(schedule(), Date.UTC(2026, 5, 1));
  const standIn = { person: 'linus', start: Date.UTC(2026, 5, 10), end: Date.UTC(2026, 5, 11) };
  const changed = uids(schedule({ overrides: [standIn] }), NOW);
  for (const start of ['20260503T003000Z', '20260607T003000Z', '20260614T003000Z']) {
    expect([later.get(start), changed.get(start)]).toEqual([first.get(start), first.get(start)]);
  }
  expect(changed.get('20260610T000000Z')).toBeDefined();
});

test('any name survives the escapes and the folding', () => {
  const name = fc.string({
    unit: fc.constantFrom('a', ' ', ',', ';', '\\', '\n', 'é', '漢', '🙂', 'n'),
    minLength: 1,
    maxLength: 120,
  });
  fc.assert(
    fc.property(name, (text) => {
      const { head, events } = parse(calendarFile(named(text), NOW));
      expect(head.NAME).toBe(`On call: ${text}`);
      expect(events[0]?.SUMMARY).toBe(`${text} on call: ${text}`);
    }),
  );
});
