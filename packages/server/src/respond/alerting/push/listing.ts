import type { Episode } from '../episode.ts';
import { sourcesOf } from '../inhibit/inhibition.ts';
import type { AlertStore } from '../ports.ts';
import { type Matcher, matchesAll, parseMatcher } from '../silence/matcher.ts';
import { isInForce, matchable } from '../silence/silence.ts';

/** An alert that fires, as Alertmanager's API shows it. Times in ms since the epoch. */
export interface ListedAlert {
  alert: Episode;
  /** Ids of silences. */
  silencedBy: readonly string[];
  /** Fingerprints of alerts. */
  inhibitedBy: readonly string[];
  /** When it was sent last; of other alerts, when it fired. */
  updatedAt: number;
  /** When it ends unless it is sent again; null = when its rule says so. */
  endsAt: number | null;
  receivers: readonly string[];
}

export interface Listing {
  /** Conditions on labels. */
  filter: readonly string[];
  active: boolean;
  silenced: boolean;
  inhibited: boolean;
}

/** Every alert that fires and is asked for. @throws YumOpsError `invalid_matcher` (400) */
export async function listAlerts(store: AlertStore, asked: Listing, now: number): Promise<ListedAlert[]> {
  const matchers = asked.filter.map(parseMatcher);
  const [firing, silences, times] = await Promise.all([store.firingAlerts(), store.silences(), store.pushedTimes()]);
  const inForce = silences.filter((silence) => isInForce(silence, now));
  const listed = firing
    .filter((alert) => alert.origin !== 'meta' && fits(matchers, alert))
    .map((alert): ListedAlert => {
      const labels = matchable(alert);
      const sources = (alert.plan.inhibitors ?? []).flatMap((one) => sourcesOf(one, firing));
      const sent = times.get(alert.fingerprint);
      return {
        alert,
        silencedBy: inForce.filter((silence) => matchesAll(silence.matchers, labels)).map(({ id }) => id),
        inhibitedBy: sources.flatMap(({ id }) => (id === alert.id ? [] : [id.replace(/-[^-]*$/, '')])),
        updatedAt: sent?.receivedAt ?? alert.firedAt,
        endsAt: sent?.endsAt ?? null,
        receivers: receiversOf(alert),
      };
    });
  return listed.filter(({ silencedBy, inhibitedBy }) => {
    if (silencedBy.length > 0 && !asked.silenced) return false;
    if (inhibitedBy.length > 0 && !asked.inhibited) return false;
    return asked.active || silencedBy.length + inhibitedBy.length > 0;
  });
}

function fits(matchers: readonly Matcher[], alert: Episode): boolean {
  return matchesAll(matchers, matchable(alert));
}

function receiversOf({ plan }: Episode): string[] {
  const named = plan.steps.flatMap(({ targets }) => targets.map(({ channel, target }) => `${channel}/${target}`));
  return [...new Set(named)];
}
