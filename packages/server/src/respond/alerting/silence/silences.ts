import type { Alert, Silence as SilenceItem } from '@yumops/protocol';
import { toAlert } from '../read/items.ts';
import { addSilence, type NewSilence } from './add-silence.ts';
import { endSilence } from './end-silence.ts';
import { formatMatcher, matchesAll, parseMatcher } from './matcher.ts';
import type { SilenceDeps } from './ports.ts';
import { matchable, type Silence, silenceOf, silenceText } from './silence.ts';

/** Silences as pages and the API see them. */
export interface Silences {
  /** Newest first, with those that ended in the last days. */
  list(): Promise<SilenceItem[]>;
  /** What fires now and would be muted. @throws YumOpsError `invalid_matcher` (400) */
  preview(matchers: readonly string[]): Promise<Alert[]>;
  /** @throws YumOpsError `invalid_matcher`, `invalid_silence`, `silence_too_long`, `nothing_fires` (400) */
  add(input: NewSilence): Promise<SilenceItem>;
  /** @throws YumOpsError `unknown_silence` (404) */
  end(id: string, by: string): Promise<SilenceItem>;
}

/** @param changed is called when something may have become due */
export function createSilences(deps: SilenceDeps, changed: () => void): Silences {
  const { store, now } = deps;
  const toItem = async (silence: Silence) => silenceItem(silence, await firingIds(deps), now());
  return {
    async list() {
      const firing = await firingIds(deps);
      return (await store.silences()).map((silence) => silenceItem(silence, firing, now()));
    },
    async preview(texts) {
      const matchers = texts.map(parseMatcher);
      const [alerts, silences] = await Promise.all([store.firingAlerts(), store.silences()]);
      return alerts
        .filter((alert) => matchesAll(matchers, matchable(alert)))
        .map((alert) => {
          const silence = silenceOf(silences, alert, now());
          return toAlert(alert, silence ? silenceText(silence) : null);
        });
    },
    async add(input) {
      const silence = await addSilence(deps, input);
      changed();
      return toItem(silence);
    },
    async end(id, by) {
      const silence = await endSilence(deps, id, by);
      changed();
      return toItem(silence);
    },
  };
}

async function firingIds({ store }: SilenceDeps): Promise<ReadonlySet<string>> {
  return new Set((await store.firingAlerts()).map(({ id }) => id));
}

function silenceItem(silence: Silence, firing: ReadonlySet<string>, now: number): SilenceItem {
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    id: silence.id,
    state: stateOf(silence, firing, now),
    matchers: silence.matchers.map(formatMatcher),
    startsAt: new Date(silence.startsAt).toISOString(),
    endsAt: iso(silence.endsAt),
    untilResolved: silence.endsAt === null,
    author: silence.author,
    reason: silence.reason,
    createdAt: new Date(silence.createdAt).toISOString(),
    endedAt: iso(silence.endedAt),
    endedBy: silence.endedBy,
  };
}

function stateOf(silence: Silence, firing: ReadonlySet<string>, now: number): SilenceItem['state'] {
  if (silence.endedAt !== null) return 'ended';
  if (silence.startsAt > now) return 'scheduled';
  const lasts = silence.endsAt === null ? silence.alertIds.some((id) => firing.has(id)) : silence.endsAt > now;
  return lasts ? 'active' : 'ended';
}
