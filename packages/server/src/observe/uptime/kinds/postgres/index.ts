import { unmet } from '../../assert.ts';
import { type Attempt, down, type Finding, HEALTHY, runAttempt } from '../../attempt.ts';
import { findAddresses } from '../../net/dial.ts';
import type { MonitorKind } from '../kind.ts';
import type { PostgresMonitorConfig } from './config.ts';

/** A Postgres database that lets us in, answers the query and meets what is asserted of the answer. */
export const postgresKind: MonitorKind<'postgres'> = {
  run: (monitor, context) => runAttempt(monitor, context, (attempt) => check(monitor, attempt)),
  describe: ({ query, assertions }) => [`answers ${query}`, ...assertions.map(({ text }) => text)],
};

/** The server gives a query up after our own timeout, which is the one that is told. */
const LINGER_MS = 1_000;

async function check(monitor: PostgresMonitorConfig, attempt: Attempt): Promise<Finding> {
  const { login, password } = monitor;
  const [found] = await findAddresses(login.host, attempt);
  const { context, timer, signal } = attempt;
  timer.enter('connect');
  const session = await context.postgres.open(
    { ...login, address: found?.address ?? login.host, password: password?.reveal() ?? null, ca: context.ca },
    signal,
  );
  try {
    timer.enter('firstByte');
    const value = await session.firstValue(monitor.query, monitor.timeoutMs + LINGER_MS);
    const facts = { value, timeMs: timer.elapsed(), headers: {} };
    const reason = monitor.assertions.map((assertion) => unmet(assertion, facts)).find((one) => one !== null);
    return reason ? down(reason) : HEALTHY;
  } finally {
    session.close();
  }
}
