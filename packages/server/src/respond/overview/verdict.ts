import type { Alert, Monitor, Overview, TodoItem } from '@yumops/protocol';

/** What the verdict is drawn from. Times in milliseconds since the epoch. */
export interface Evidence {
  service: string;
  firing: readonly Alert[];
  monitors: readonly Monitor[];
  /** Requests in the last hour; null when the store did not answer. */
  requests: number | null;
  /** Null for somebody whom the whole installation does not concern. */
  pipeline: Overview['pipeline'];
  /** Parts of the platform that are not well, as sentences. */
  ownProblems: readonly string[];
  configErrors: number;
}

export type Verdict = Pick<Overview, 'verdict' | 'sentence' | 'since' | 'todo'>;

const SEVERITY_ORDER = { critical: 0, warning: 1, info: 2 } as const;

/** More than this much lag means that rules judge the past. */
const LAG_SECONDS = 120;

function oldest(times: readonly (string | null)[]): string | null {
  return times.filter((time): time is string => time !== null).sort()[0] ?? null;
}

function list(names: readonly string[]): string {
  if (names.length <= 2) return names.join(' and ');
  return `${names[0]}, ${names[1]} and ${names.length - 2} more`;
}

type State = Omit<Verdict, 'todo'>;

const inState = (monitors: readonly Monitor[], state: Monitor['state']) =>
  monitors.filter((monitor) => monitor.state === state);

const sinceOf = (monitors: readonly Monitor[]) => oldest(monitors.map((monitor) => monitor.since));

const asSentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

const isOrAre = (count: number) => (count === 1 ? 'is' : 'are');

function alsoFiring(others: readonly Alert[]): string {
  if (others.length === 0) return '';
  const count = `${others.length} more ${others.length === 1 ? 'alert is' : 'alerts are'} firing`;
  return ` ${count}: ${list([...new Set(others.map((alert) => alert.rule))])}.`;
}

/** Each looks at one kind of evidence; the first that has something to say decides. */
const JUDGEMENTS: readonly ((evidence: Evidence) => State | undefined)[] = [
  function everythingDown({ service, monitors }) {
    const down = inState(monitors, 'down');
    if (down.length === 0 || down.length < monitors.length) return undefined;
    const which = down.length === 1 ? 'its monitor fails' : `all ${down.length} monitors fail`;
    return { verdict: 'down', sentence: `${service} is down: ${which}.`, since: sinceOf(down) };
  },
  function alerted({ service, firing }) {
    const worst = firing.find((alert) => alert.severity === 'critical') ?? firing[0];
    if (!worst) return undefined;
    const others = firing.filter((alert) => alert !== worst);
    return {
      verdict: 'degraded',
      sentence: `${service} is degraded: ${asSentence(worst.summary)}${alsoFiring(others)}`,
      since: worst.startedAt,
    };
  },
  function partlyDown({ service, monitors }) {
    const down = inState(monitors, 'down');
    if (down.length === 0) return undefined;
    const names = list(down.map((monitor) => monitor.name));
    return {
      verdict: 'degraded',
      sentence: `${service} is degraded: ${names} ${isOrAre(down.length)} down.`,
      since: sinceOf(down),
    };
  },
  function slow({ service, monitors }) {
    const degraded = inState(monitors, 'degraded');
    if (degraded.length === 0) return undefined;
    const names = list(degraded.map((monitor) => monitor.name));
    const sentence = `${service} is degraded: ${names} ${isOrAre(degraded.length)} not as good as expected.`;
    return { verdict: 'degraded', sentence, since: sinceOf(degraded) };
  },
  function silent({ service, monitors, requests }) {
    if (inState(monitors, 'up').length > 0 || requests) return undefined;
    const sentence = `Nothing is known about ${service} yet: no request and no check has arrived.`;
    return { verdict: 'unknown', sentence, since: null };
  },
];

function stateOf(evidence: Evidence): State {
  for (const judge of JUDGEMENTS) {
    const state = judge(evidence);
    if (state) return state;
  }
  return { verdict: 'healthy', sentence: `${evidence.service} is healthy.`, since: null };
}

function fromAlert(alert: Alert): TodoItem {
  return {
    severity: alert.severity,
    title: alert.rule,
    detail: alert.summary,
    action: { label: alert.acknowledgedBy ? 'See the alert' : 'Acknowledge', href: `/alerts/${alert.id}` },
  };
}

function fromMonitor(monitor: Monitor): TodoItem {
  return {
    severity: 'critical',
    title: `${monitor.name} is down`,
    detail: monitor.reason ?? 'The check failed.',
    action: { label: 'See the evidence', href: `/uptime/${monitor.id}` },
  };
}

function fromCertificate(monitor: Monitor, days: number): TodoItem {
  return {
    severity: days <= 7 ? 'critical' : 'warning',
    title: `The certificate of ${monitor.name} ends in ${days} ${days === 1 ? 'day' : 'days'}`,
    detail: `Renew the certificate of ${new URL(monitor.url).host}.`,
    action: { label: 'See the monitor', href: `/uptime/${monitor.id}` },
  };
}

function ownItems({ pipeline, ownProblems, configErrors }: Evidence): TodoItem[] {
  const items: TodoItem[] = ownProblems.map((problem) => ({
    severity: 'critical',
    title: 'A part of YumOps is not well',
    detail: problem,
    action: { label: 'Look at this machine', command: 'yumops doctor' },
  }));
  if (pipeline !== null && pipeline.lagSeconds > LAG_SECONDS) {
    items.push({
      severity: 'warning',
      title: 'Telemetry arrives late',
      detail: `The oldest accepted record has waited ${Math.round(pipeline.lagSeconds)} s to be stored; rules judge up to that moment.`,
      action: { label: 'Look at this machine', command: 'yumops doctor' },
    });
  }
  if (configErrors > 0) {
    items.push({
      severity: 'warning',
      title: `The configuration has ${configErrors} ${configErrors === 1 ? 'error' : 'errors'}`,
      detail: 'Messages of what is marked broken go to the fallback address.',
      action: { label: 'List them', command: 'yumops check' },
    });
  }
  return items;
}

/** Draws the verdict and what needs doing, worst first. Unknown is not healthy. */
export function drawVerdict(evidence: Evidence): Verdict {
  const alerted = new Set(evidence.firing.map((alert) => alert.labels.monitor));
  const todo = [
    ...evidence.firing.map(fromAlert),
    ...evidence.monitors.filter((monitor) => monitor.state === 'down' && !alerted.has(monitor.name)).map(fromMonitor),
    ...evidence.monitors.flatMap((monitor) => {
      const days = monitor.certificateDays;
      return days !== null && days <= 14 ? [fromCertificate(monitor, days)] : [];
    }),
    ...ownItems(evidence),
  ].sort((a, b) => SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity]);
  return { ...stateOf(evidence), todo };
}
