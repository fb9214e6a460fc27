import type { OnCallCalendar, OnCallGap, OnCallOverride, OnCallShift } from '@yumops/protocol';

/** What a bar of the calendar stands for. */
export type CalendarBar = (OnCallShift & { kind: 'turn' | 'stand-in' }) | (OnCallGap & { kind: 'gap' });

export interface CalendarRow {
  /** `On call` is what holds in the end; below it what it is made of, the stronger above the weaker. */
  name: string;
  bars: readonly CalendarBar[];
}

/** The rows of one schedule, each laid over those below it. */
export function rowsOf(calendar: OnCallCalendar, schedule: string): CalendarRow[] {
  const own = <Item extends { schedule: string }>(items: readonly Item[]) =>
    items.filter((item) => item.schedule === schedule);
  const layers = own(calendar.layers);
  const depth = layers.reduce((deepest, { layer }) => Math.max(deepest, layer + 1), 0);
  const turns = (layer: number): CalendarRow => ({
    name: `Layer ${layer + 1}`,
    bars: layers.filter((turn) => turn.layer === layer).map((turn) => ({ ...turn, kind: 'turn' })),
  });
  const overrides: CalendarRow = {
    name: 'Overrides',
    bars: own(calendar.overrides).map((override) => ({ ...override, kind: 'stand-in' })),
  };
  const made = [overrides, ...Array.from({ length: depth }, (_, index) => turns(depth - 1 - index))];
  return [{ name: 'On call', bars: whoInTheEnd(calendar, schedule) }, ...made.filter(({ bars }) => bars.length > 0)];
}

/** Shifts and gaps of a schedule in order of time. */
export function whoInTheEnd(calendar: OnCallCalendar, schedule: string): CalendarBar[] {
  const shifts = calendar.shifts
    .filter((shift) => shift.schedule === schedule)
    .map(
      (shift): CalendarBar => ({
        ...shift,
        kind: standsIn(shift, calendar.overrides) ? 'stand-in' : 'turn',
      }),
    );
  const gaps = calendar.gaps
    .filter((gap) => gap.schedule === schedule)
    .map((gap): CalendarBar => ({ ...gap, kind: 'gap' }));
  return [...shifts, ...gaps].toSorted((a, b) => Date.parse(a.start) - Date.parse(b.start));
}

/** Whether an override of the same person covers the shift. */
function standsIn(shift: OnCallShift, overrides: readonly OnCallOverride[]): boolean {
  const [start, end] = [Date.parse(shift.start), Date.parse(shift.end)];
  return overrides.some(
    (override) =>
      override.schedule === shift.schedule &&
      override.person === shift.person &&
      Date.parse(override.start) <= start &&
      Date.parse(override.end) >= end,
  );
}

/** Milliseconds with nobody on call, and in how many gaps. */
export function uncovered(gaps: readonly OnCallGap[], schedule: string): { count: number; length: number } {
  const own = gaps.filter((gap) => gap.schedule === schedule);
  return {
    count: own.length,
    length: own.reduce((sum, { start, end }) => sum + Date.parse(end) - Date.parse(start), 0),
  };
}
