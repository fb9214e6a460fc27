import { shorten } from '../../assert.ts';
import { type Attempt, down, type Finding, HEALTHY, runAttempt } from '../../attempt.ts';
import type { MonitorKind } from '../kind.ts';
import { ask } from './ask.ts';
import type { DnsMonitorConfig } from './config.ts';

/** A name that a name server knows. */
export const dnsKind: MonitorKind<'dns'> = {
  run: (monitor, context) => runAttempt(monitor, context, (attempt) => check(monitor, attempt)),
  describe: ({ host, record, expect }) => [
    `${record} records of ${host}`,
    ...expect.map((value) => `contain ${JSON.stringify(value)}`),
  ],
};

async function check(monitor: DnsMonitorConfig, attempt: Attempt): Promise<Finding> {
  const found = await ask(monitor, attempt);
  const known = new Set(found.map(normal));
  const missing = monitor.expect.find((value) => !known.has(normal(value)));
  if (missing === undefined) return HEALTHY;
  const came = shorten(found.join(', '));
  return down(`Expected the ${monitor.record} records of ${monitor.host} to contain ${missing}, found ${came}.`);
}

/** Names and addresses have no case, and a name may end in a dot. */
function normal(value: string): string {
  return value.toLowerCase().replace(/\.$/, '');
}
