import { type Attempt, down, type Finding, HEALTHY, impossible, runAttempt } from '../../attempt.ts';
import type { HttpAnswer } from '../http/exchange.ts';
import { exchangeFollowing } from '../http/redirect.ts';
import type { MonitorKind } from '../kind.ts';
import type { DomainMonitorConfig } from './config.ts';
import { type Registration, readRegistration } from './registration.ts';

/** A domain whose registration does not run out, as its registry says over RDAP. */
export const domainKind: MonitorKind<'domain'> = {
  run: (monitor, context) => runAttempt(monitor, context, (attempt) => check(monitor, attempt)),
  describe: ({ host, days }) => [`${host} is registered`, `for at least ${days} days`],
};

const HEADERS = { 'user-agent': 'YumOps-Uptime/1', accept: 'application/rdap+json, application/json;q=0.9' };

async function check(monitor: DomainMonitorConfig, attempt: Attempt): Promise<Finding> {
  const answer = await ask(monitor, attempt);
  if (answer.status === 404) return down(`Expected ${monitor.host} to be registered, its registry does not know it.`);
  const registration = answer.status === 200 ? readRegistration(answer.body.text) : undefined;
  if (!registration) throw noAnswer(monitor, `it answered ${`${answer.status} ${answer.statusText}`.trim()}`);
  return judge(monitor, registration, attempt.context.clock.now());
}

/** A registry that cannot be asked says nothing of the domain. */
async function ask(monitor: DomainMonitorConfig, attempt: Attempt): Promise<HttpAnswer> {
  const url = new URL(`${monitor.rdap.replace(/\/+$/, '')}/domain/${encodeURIComponent(monitor.host)}`);
  try {
    return await exchangeFollowing(
      { url, method: 'GET', headers: HEADERS, ownHeaders: {}, body: null, tls: null },
      attempt,
    );
  } catch (error) {
    throw noAnswer(monitor, (error as Error).message.replace(/\.$/, ''));
  }
}

function noAnswer({ host, rdap }: DomainMonitorConfig, reason: string) {
  const hint = 'Set rdap to the address of the RDAP service of its registry.';
  return impossible(`The registry at ${rdap} does not tell of the registration of ${host}: ${reason}.`, hint);
}

const DAY = 86_400_000;

/** States in which a domain does not work or will soon be gone. */
const BAD_STATUS = /^(client hold|server hold|inactive|pending delete|redemption period)$/i;

function judge({ host, days, rdap }: DomainMonitorConfig, registration: Registration, now: number): Finding {
  const bad = registration.status.find((status) => BAD_STATUS.test(status));
  if (bad !== undefined) return down(`Expected ${host} to be active, its registry says "${bad}".`);
  const { expiresAt } = registration;
  if (expiresAt === null) {
    return {
      verdict: 'unknown',
      reason: `The registry at ${rdap} does not tell when the registration of ${host} ends.`,
    };
  }
  const left = Math.floor((expiresAt - now) / DAY);
  const end = new Date(expiresAt).toISOString().slice(0, 10);
  if (expiresAt <= now) return down(`Expected ${host} to be registered, its registration ended on ${end}.`);
  if (left >= days) return HEALTHY;
  const reason = `Expected ${host} to be registered for at least ${days} days, it ends on ${end}, in ${left} days.`;
  return { verdict: 'degraded', reason };
}
