/** Which log lines. Times in milliseconds since the epoch. */
export interface AnalysisSelection {
  from: number;
  to: number;
  /** Of this service alone. */
  service?: string | undefined;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Width of the rollup's rows. */
const LEAST = 5 * MINUTE;
const WIDTHS = [LEAST, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR];
const MOST_STEPS = 100;

/** Even steps that cover a range, of a width that the rollup can be summed to. */
export interface Steps {
  /** Milliseconds since the epoch, a multiple of `stepMs`. */
  from: number;
  stepMs: number;
  steps: number;
}

export function stepsOf({ from, to }: AnalysisSelection): Steps {
  const wanted = Math.max(1, to - from) / MOST_STEPS;
  const stepMs = WIDTHS.find((width) => width >= wanted) ?? Math.ceil(wanted / (24 * HOUR)) * 24 * HOUR;
  const start = Math.floor(from / stepMs) * stepMs;
  return { from: start, stepMs, steps: Math.max(1, Math.ceil((to - start) / stepMs)) };
}

/** The steps as answers tell them. */
export function told({ from, stepMs, steps }: Steps): { from: string; stepMs: number; steps: number } {
  return { from: new Date(from).toISOString(), stepMs, steps };
}

/** Conditions of the selection over the rollup, with their parameters, and the number of a row's step as SQL. */
export function overRollup(selection: AnalysisSelection, grid: Steps, time = 'at') {
  const end = grid.from + grid.steps * grid.stepMs;
  const service = selection.service === undefined ? '' : ' AND service = {service:String}';
  return {
    where: `${time} >= toDateTime({start:UInt32}, 'UTC') AND ${time} < toDateTime({end:UInt32}, 'UTC')${service}`,
    step: `intDiv(toUnixTimestamp(${time}) - {start:UInt32}, {width:UInt32})`,
    params: {
      start: grid.from / 1_000,
      end: Math.ceil(end / 1_000),
      width: grid.stepMs / 1_000,
      ...(selection.service === undefined ? {} : { service: selection.service }),
    },
  };
}

/** A figure of one step, of what `key` names. */
export interface StepRow {
  key: string;
  step: number;
  value: number;
}

/** One number a step by key; `missing` where there is none. */
export function seriesByKey<Missing>(
  steps: number,
  rows: readonly StepRow[],
  missing: Missing,
): Map<string, (number | Missing)[]> {
  const byKey = new Map<string, (number | Missing)[]>();
  for (const { key, step, value } of rows) {
    if (step < 0 || step >= steps) continue;
    const series = byKey.get(key) ?? emptySeries(steps, missing);
    series[step] = value;
    byKey.set(key, series);
  }
  return byKey;
}

/** The same value for each step. */
export function emptySeries<Missing>(steps: number, missing: Missing): (number | Missing)[] {
  return new Array<number | Missing>(steps).fill(missing);
}
