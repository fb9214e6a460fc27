/** A time without beats. Times in ms since the epoch. */
export interface Outage {
  /** Counts outages; part of the key under which vendors know it. */
  number: number;
  since: number;
  endedAt: number | null;
  /** When each receiver was last told of its beginning, and whether they were told of its end. */
  told: Readonly<Record<string, { at: number; ofEnd: boolean }>>;
}

/** What a watchdog remembers over a restart. */
export interface WatchState {
  /** Since when it watches. */
  since: number;
  lastBeatAt: number | null;
  /** Time of evaluation of the newest beat: an older one is a repetition. */
  newest: number;
  outages: number;
  /** The outage that goes on, or the last one while somebody is still to be told of its end. */
  outage: Outage | null;
}

export interface WatchRules {
  everyMs: number;
  misses: number;
}

/** Whoever was told of an outage is told again so often while it lasts. */
const REPEAT_MS = 900_000;

export function newWatch(now: number): WatchState {
  return { since: now, lastBeatAt: null, newest: 0, outages: 0, outage: null };
}

/** A beat came. One that was evaluated no later than the newest counts for nothing. */
export function takeBeat(state: WatchState, evaluatedAt: number, now: number): WatchState {
  if (evaluatedAt <= state.newest) return state;
  const outage = state.outage?.endedAt === null ? { ...state.outage, endedAt: now } : state.outage;
  return { ...state, lastBeatAt: now, newest: evaluatedAt, outage: outage && isSettled(outage) ? null : outage };
}

/** Looks at the time: an outage begins when too many beats have not come. */
export function look(state: WatchState, rules: WatchRules, now: number): WatchState {
  if (state.outage?.endedAt === null || now - lastSign(state) <= rules.everyMs * rules.misses) return state;
  const number = state.outages + 1;
  return { ...state, outages: number, outage: { number, since: lastSign(state), endedAt: null, told: {} } };
}

/** Who is to be told of what now. */
export function toTell(
  state: WatchState,
  receivers: readonly string[],
  now: number,
): { receiver: string; of: 'begin' | 'end' }[] {
  const { outage } = state;
  if (!outage) return [];
  if (outage.endedAt === null) {
    return receivers
      .filter((receiver) => now - (outage.told[receiver]?.at ?? Number.NEGATIVE_INFINITY) >= REPEAT_MS)
      .map((receiver) => ({ receiver, of: 'begin' }));
  }
  return Object.entries(outage.told)
    .filter(([, { ofEnd }]) => !ofEnd)
    .map(([receiver]) => ({ receiver, of: 'end' }));
}

/** A receiver took a message. */
export function noteTold(state: WatchState, receiver: string, of: 'begin' | 'end', now: number): WatchState {
  const { outage } = state;
  if (!outage) return state;
  const at = outage.told[receiver]?.at ?? now;
  const told = { ...outage.told, [receiver]: { at: of === 'begin' ? now : at, ofEnd: of === 'end' } };
  const next = { ...outage, told };
  return { ...state, outage: isSettled(next) ? null : next };
}

function isSettled({ endedAt, told }: Outage): boolean {
  return endedAt !== null && Object.values(told).every(({ ofEnd }) => ofEnd);
}

function lastSign({ lastBeatAt, since }: WatchState): number {
  return lastBeatAt ?? since;
}
