import type { Labels, Planned, Span } from '../alerting/index.ts';
import { intersect, unite } from '../oncall/index.ts';
import { covers, openAt, openings, type Window } from './window.ts';

/** An SLO as windows see it: its name and the labels of its indicator. */
export interface PlannedSlo {
  name: string;
  labels: Labels;
}

/** What a set of windows mutes and excludes. */
export function plannedBy(windows: readonly Window[], slos: readonly PlannedSlo[]): Planned {
  return {
    muteOf(labels, at) {
      const open = windows.flatMap((window) => {
        const span = covers(window, labels) ? openAt(window, at) : null;
        return span ? [{ window, span }] : [];
      });
      const last = open.sort((a, b) => b.span.end - a.span.end)[0];
      return last ? { reason: muteText(last.window, last.span), until: last.span.end } : null;
    },
    excludedOf(name, from, to) {
      const slo = slos.find((one) => one.name === name);
      if (!slo) return [];
      const labels = { ...slo.labels, slo: name };
      const own = windows.filter((window) => window.kind === 'maintenance' && covers(window, labels));
      const spans = unite(own.flatMap((window) => openings(window, from, to)));
      return intersect(spans, [{ start: from, end: to }]);
    },
  };
}

/** Why an alert is muted, in words. */
function muteText({ name, kind, reason }: Window, { end }: Span): string {
  const what = kind === 'maintenance' ? 'planned work' : 'mute time';
  return `${what} "${name}" until ${new Date(end).toISOString()}${reason === '' ? '' : `: ${reason}`}`;
}
