import type { ReportTodo } from '@yumops/protocol';

/**
 * How much each kind of observation weighs, 0 to 100: first what people feel now, then what they would feel after the next
 * fault, then what only costs time.
 */
export const WEIGHTS = {
  monitor_down: 100,
  failing_route: 95,
  slower_route: 92,
  alert_unacknowledged: 90,
  budget_exhausted: 88,
  budget_burning: 85,
  near_limit: 85,
  backup_failed: 84,
  attack: 80,
  finding_critical: 80,
  vulnerability: 80,
  error_regressed: 78,
  uptime_low: 76,
  error_more: 70,
  vital_worse: 68,
  error_new: 66,
  slower_statement: 64,
  job_failed: 60,
  drill_due: 55,
  more_failures_logged: 50,
  backup_unproved: 48,
  finding_warning: 40,
  noisy_rule: 34,
} as const;

export type ObservationCode = keyof typeof WEIGHTS;

/** Something that was seen and might have to be done about. */
export interface Observation {
  code: ObservationCode;
  /** What it is about. */
  subject: string;
  /** What to do, beginning with a verb. */
  title: string;
  /** Why, in a sentence with its numbers. */
  reason: string;
  evidence: string[];
  href: string;
  /** How large it is for its kind, 0 to 1. */
  size: number;
  /** Share of traffic, users or time that it touches, 0 to 1; null = not known. */
  reach: number | null;
  /** It began in the period; false = it stood before. */
  fresh: boolean;
}

/** What stood before the period weighs less: somebody has seen it. */
const STOOD_BEFORE = 0.7;
const UNKNOWN_REACH = 0.5;
/** Things to do that a report names. */
export const MOST_TODO = 3;

const unit = (value: number) => Math.min(1, Math.max(0, value));

/** weight × (0.60 + 0.25 size + 0.15 reach), less 30 % for what stood before; 0 to 100. */
export function scoreOf({ code, size, reach, fresh }: Observation): number {
  const share = 0.6 + 0.25 * unit(size) + 0.15 * unit(reach ?? UNKNOWN_REACH);
  return WEIGHTS[code] * share * (fresh ? 1 : STOOD_BEFORE);
}

/** The things to do next, the most pressing first; of one kind and subject only one. Equal scores stand by name. */
export function rankTodo(observations: readonly Observation[], most = MOST_TODO): ReportTodo[] {
  const ranked = observations
    .map((observation) => ({ observation, score: scoreOf(observation) }))
    .sort((a, b) => b.score - a.score || (nameOf(a.observation) < nameOf(b.observation) ? -1 : 1));
  const seen = new Set<string>();
  const chosen = ranked.filter(({ observation }) => {
    const known = seen.has(nameOf(observation));
    seen.add(nameOf(observation));
    return !known;
  });
  return chosen.slice(0, most).map(({ observation, score }, index) => {
    const { code, subject, title, reason, evidence, href } = observation;
    return { rank: index + 1, code, subject, title, reason, evidence, href, score: Math.round(score * 10) / 10 };
  });
}

const nameOf = ({ code, subject }: Observation) => `${code} ${subject}`;
