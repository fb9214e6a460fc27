import type { CheckResult } from './check-runner.ts';
import type { HealthStatus, Measurement } from './health-check.ts';
import type { Answer } from './health-endpoint.ts';

/** The words of `application/health+json`. */
export type StandardStatus = 'pass' | 'warn' | 'fail';

export const STANDARD: Record<HealthStatus, StandardStatus> = {
  healthy: 'pass',
  degraded: 'warn',
  unhealthy: 'fail',
};

const NO_CACHE = { 'cache-control': 'no-cache, no-store, must-revalidate' };

export function json(body: unknown, status: number, headers: Record<string, string> = {}): Answer {
  const all = { 'content-type': 'application/json', ...NO_CACHE, ...headers };
  return { status, headers: all, body: JSON.stringify(body) };
}

export function text(body: string, status: number): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...NO_CACHE }, body: `${body}\n` };
}

/** As {@link json}, with the media type of health reports. Pass and warn are 200, fail is 503. */
export function healthJson(body: { status: StandardStatus }): Answer {
  return json(body, body.status === 'fail' ? 503 : 200, { 'content-type': 'application/health+json' });
}

const SIGNS: Record<HealthStatus, string> = {
  healthy: '[+]# ok',
  degraded: '[!]# degraded',
  unhealthy: '[-]# failed',
};

/** Names and reasons come from elsewhere: a line break in them would begin a line that nobody wrote. */
const oneLine = (given: string) => given.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');

/**
 * The list of an endpoint's checks, as Kubernetes writes it.
 * @param excluded names that were to be left out, and whether they are checks
 */
export function verboseText(
  endpoint: string,
  ok: boolean,
  lines: readonly { name: string; status: HealthStatus; reason?: string | undefined }[],
  excluded: readonly { name: string; known: boolean }[] = [],
): Answer {
  const listed = lines.map(
    ({ name, status, reason }) =>
      SIGNS[status].replace('#', () => oneLine(name)) + (reason === undefined ? '' : `: ${oneLine(reason)}`),
  );
  const leftOut = excluded.map(({ name, known }) =>
    known ? `[ ]${oneLine(name)} left out` : `warn: no check is called "${oneLine(name)}", so none was left out`,
  );
  return text([...listed, ...leftOut, `${endpoint} check ${ok ? 'passed' : 'failed'}`].join('\n'), ok ? 200 : 503);
}

/** Why a check is not healthy, for a reader of details. */
export function reasonIn({ check }: CheckResult): string | undefined {
  const { error, reason } = check.details ?? {};
  const known = [error, reason].filter((one) => typeof one === 'string');
  return known.length === 0 ? undefined : known.join('; ');
}

/** The checks of a report in the standard's form: `name:measurement` to its one observation. */
export function standardChecks(results: readonly CheckResult[]): Record<string, unknown[]> {
  return Object.fromEntries(
    results.flatMap((result) => {
      const { definition, check, measurements } = result;
      const { name, responseTime, lastChecked } = check;
      const status = STANDARD[check.status];
      const output = reasonIn(result);
      const about = {
        componentType: definition.componentType ?? 'component',
        status,
        time: lastChecked.toISOString(),
        ...(status === 'pass' || !definition.affectedEndpoints
          ? {}
          : { affectedEndpoints: definition.affectedEndpoints }),
        ...(status === 'pass' || output === undefined ? {} : { output }),
      };
      const all: Record<string, Measurement> = { responseTime: { value: responseTime, unit: 'ms' }, ...measurements };
      return Object.entries(all).map(([measurement, { value, unit }]): [string, unknown[]] => [
        `${name}:${measurement}`,
        [{ observedValue: value, observedUnit: unit, ...about }],
      ]);
    }),
  );
}
