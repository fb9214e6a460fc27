import { didYouMean } from '../../lib/nearest.ts';
import { type MetricUnit, type Reducer, RULE_METRICS, type RuleMetric } from './metrics.ts';

export type Operator = '>' | '>=' | '<' | '<=' | '==' | '!=';

/** A rule's condition, compiled: `avg_response_time{service=api} > 2s`. */
export interface Condition {
  /** As written. */
  text: string;
  /** Name in the registry without the reducer's prefix, or the name of a metric of the user's own. */
  metric: string;
  reducer: Reducer;
  /** Only series with exactly these labels count. */
  labels: Readonly<Record<string, string>>;
  op: Operator;
  /** In the metric's own unit: percent, milliseconds, bytes or a plain number. */
  threshold: number;
  /** The metric's unit; for a metric of the user's own the unit that was written. */
  unit: MetricUnit;
  /** `failed_auth_attempts > 100 per hour`: 3,600,000; the value is scaled by per / window. Null when not written. */
  perMs: number | null;
}

/** What is wrong with a condition, `offset` characters into its text. */
export interface ConditionProblem {
  message: string;
  offset: number;
  suggestion?: string;
}

export type ParsedCondition =
  | { ok: true; condition: Condition; metric: RuleMetric | null }
  | { ok: false; problem: ConditionProblem };

const UNITS: Record<string, { unit: MetricUnit; factor: number }> = {
  '%': { unit: '%', factor: 1 },
  ms: { unit: 'ms', factor: 1 },
  s: { unit: 'ms', factor: 1_000 },
  m: { unit: 'ms', factor: 60_000 },
  h: { unit: 'ms', factor: 3_600_000 },
  B: { unit: 'B', factor: 1 },
  KB: { unit: 'B', factor: 1e3 },
  MB: { unit: 'B', factor: 1e6 },
  GB: { unit: 'B', factor: 1e9 },
  KiB: { unit: 'B', factor: 2 ** 10 },
  MiB: { unit: 'B', factor: 2 ** 20 },
  GiB: { unit: 'B', factor: 2 ** 30 },
};

const UNIT_NAMES: Record<MetricUnit, string> = {
  '%': 'a percentage',
  ms: 'a time',
  B: 'a number of bytes',
  '/s': 'a rate per second',
  '': 'a plain number',
};

const UNIT_EXAMPLES: Record<MetricUnit, string> = { '%': '5%', ms: '2000ms', B: '512MiB', '/s': '10', '': '100' };

const PER: Record<string, number> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const PREFIX = /^(avg|p50|p75|p95|p99|max|min|sum|last)_(.+)$/;

class Refusal extends Error {
  readonly problem: ConditionProblem;
  constructor(message: string, offset: number, suggestion?: string) {
    super(message);
    this.problem = suggestion === undefined ? { message, offset } : { message, offset, suggestion };
  }
}

/** A cursor over the text: `take` consumes what a sticky expression matches. */
class Cursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
    this.skipSpace();
  }

  skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text)?.[0];
    if (found === undefined) return undefined;
    this.at += found.length;
    this.skipSpace();
    return found;
  }

  /** What stands at the cursor, for a message. */
  here(): string {
    const rest = this.text.slice(this.at).trim();
    return rest === '' ? 'the end' : `"${/^(\w+|\S)/.exec(rest)?.[0] ?? rest}"`;
  }
}

interface Subject {
  metric: RuleMetric | null;
  name: string;
  reducer: Reducer;
}

function resolveMetric(written: string, offset: number): Subject {
  const exact = RULE_METRICS.get(written);
  if (exact) return { metric: exact, name: exact.name, reducer: exact.reducer };
  const [, prefix, base] = PREFIX.exec(written) ?? [];
  const metric = base === undefined ? undefined : RULE_METRICS.get(base);
  if (metric && !metric.reducers.includes(prefix as Reducer)) {
    throw new Refusal(`${metric.name} cannot be reduced with ${prefix}_`, offset, `write "${metric.name}"`);
  }
  if (metric) return { metric, name: metric.name, reducer: prefix as Reducer };
  const known = [...RULE_METRICS.values()].flatMap((m) => [m.name, ...m.reducers.map((r) => `${r}_${m.name}`)]);
  const guess = didYouMean(written, known);
  if (guess) throw new Refusal(`there is no metric "${written}"`, offset, guess);
  return { metric: null, name: base ?? written, reducer: (prefix as Reducer | undefined) ?? 'avg' };
}

function readLabel(cursor: Cursor, metric: RuleMetric | null): [name: string, value: string] {
  const start = cursor.at;
  const name = cursor.take(/[A-Za-z_][\w.]*/);
  if (!name) throw new Refusal(`expected a label, found ${cursor.here()}`, cursor.at, 'write {service=api}');
  if (metric && !metric.labels.includes(name)) {
    const suggestion = didYouMean(name, metric.labels) ?? `its labels are ${metric.labels.join(', ')}`;
    throw new Refusal(`${metric.name} has no label "${name}"`, start, suggestion);
  }
  if (!cursor.take(/=(?!=)/)) throw new Refusal(`expected "=", found ${cursor.here()}`, cursor.at);
  const value = cursor.take(/"[^"]*"|'[^']*'|[^\s,}"']+/);
  if (value === undefined) throw new Refusal(`expected a value for ${name}, found ${cursor.here()}`, cursor.at);
  return [name, /^["']/.test(value) ? value.slice(1, -1) : value];
}

function readLabels(cursor: Cursor, { metric }: Subject): Record<string, string> {
  const labels: [string, string][] = [];
  if (!cursor.take(/\{/)) return {};
  while (!cursor.take(/\}/)) {
    labels.push(readLabel(cursor, metric));
    if (!cursor.take(/,/) && cursor.text[cursor.at] !== '}') {
      throw new Refusal(`expected "," or "}", found ${cursor.here()}`, cursor.at);
    }
  }
  return Object.fromEntries(labels);
}

function readOperator(cursor: Cursor): Operator {
  const op = cursor.take(/>=|<=|==|!=|>|</);
  if (op) return op as Operator;
  const suggestion = cursor.text[cursor.at] === '=' ? 'write "=="' : 'write one of > >= < <= == !=';
  throw new Refusal(`expected an operator, found ${cursor.here()}`, cursor.at, suggestion);
}

function readThreshold(cursor: Cursor, { metric }: Subject): { threshold: number; unit: MetricUnit } {
  const number = cursor.take(/-?\d+(\.\d+)?([eE][+-]?\d+)?/);
  if (number === undefined) throw new Refusal(`expected a number, found ${cursor.here()}`, cursor.at);
  const start = cursor.at;
  const written = cursor.take(/(?!per\b)(%|[A-Za-z]+)/);
  if (written === undefined) return { threshold: Number(number), unit: metric?.unit ?? '' };
  const known = Object.hasOwn(UNITS, written) ? UNITS[written] : undefined;
  if (!known) {
    const same = Object.keys(UNITS).find((unit) => unit.toLowerCase() === written.toLowerCase());
    throw new Refusal(
      `there is no unit "${written}"`,
      start,
      same ? `write "${same}"` : `units are ${Object.keys(UNITS).join(', ')}`,
    );
  }
  if (metric && metric.unit !== known.unit) {
    throw new Refusal(
      `${metric.name} is ${UNIT_NAMES[metric.unit]}, "${written}" is the unit of ${UNIT_NAMES[known.unit]}`,
      start,
      `write for example ${UNIT_EXAMPLES[metric.unit]}`,
    );
  }
  return { threshold: Number(number) * known.factor, unit: known.unit };
}

function readPer(cursor: Cursor, { metric, name }: Subject): number | null {
  const start = cursor.at;
  if (!cursor.take(/per\b/)) return null;
  const unit = cursor.take(/[A-Za-z]+/) ?? '';
  const perMs = Object.hasOwn(PER, unit) ? PER[unit] : undefined;
  if (perMs === undefined) {
    throw new Refusal(`"per" needs a time`, start, 'write per second, per minute, per hour or per day');
  }
  if (metric?.kind !== 'counter' || metric.unit !== '') {
    throw new Refusal(`"per" is for counts, and ${name} is not one`, start, 'leave it out');
  }
  return perMs;
}

/**
 * Compiles `metric [{label=value, …}] op number [unit] [per duration]`, with `avg_`, `p50_`, `p95_`, `p99_`,
 * `max_`, `min_`, `sum_` or `last_` before the metric to choose how samples become one number.
 */
export function parseCondition(text: string): ParsedCondition {
  const cursor = new Cursor(text);
  try {
    const start = cursor.at;
    const name = cursor.take(/[A-Za-z_][\w.]*/);
    if (!name)
      throw new Refusal(`expected a metric, found ${cursor.here()}`, cursor.at, 'write for example error_rate > 5%');
    const subject = resolveMetric(name, start);
    const labels = readLabels(cursor, subject);
    const op = readOperator(cursor);
    const { threshold, unit } = readThreshold(cursor, subject);
    const perMs = readPer(cursor, subject);
    if (cursor.at < text.length) throw new Refusal(`unexpected ${cursor.here()} after the condition`, cursor.at);
    return {
      ok: true,
      metric: subject.metric,
      condition: { text, metric: subject.name, reducer: subject.reducer, labels, op, threshold, unit, perMs },
    };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, problem: error.problem };
    throw error;
  }
}

/**
 * Reads a threshold such as `4`, `"4%"` or `"1800ms"` in the unit of a compiled condition.
 * @returns the number in the condition's unit, or undefined when the text is no such threshold
 */
export function parseThreshold(value: number | string, unit: MetricUnit): number | undefined {
  if (typeof value === 'number') return value;
  const [, number, written] = /^\s*(-?\d+(?:\.\d+)?)\s*(%|[A-Za-z]*)\s*$/.exec(value) ?? [];
  if (number === undefined) return undefined;
  if (!written) return Number(number);
  const known = Object.hasOwn(UNITS, written) ? UNITS[written] : undefined;
  return known?.unit === unit ? Number(number) * known.factor : undefined;
}
