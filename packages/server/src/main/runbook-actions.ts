import type { Scheduler } from '../care/scheduler/index.ts';
import { YumOpsError } from '../lib/errors.ts';
import { deploysBetween } from '../observe/errors/index.ts';
import type { Incidents } from '../respond/incidents/index.ts';
import type { SafeAction, SafeActions } from '../respond/runbooks/index.ts';
import type { StatusPage } from '../respond/statuspage/index.ts';
import type { DatabaseCare } from './care.ts';
import type { LiveConfig } from './live-config.ts';
import type { Stores } from './stores.ts';

const DAY_MS = 86_400_000;
const SPAN_MS = 15 * 60_000;
const FINDINGS_SHOWN = 15;

export interface ActionParts {
  stores: Stores;
  live: LiveConfig;
  incidents: Incidents;
  scheduler(): Scheduler;
  databases: DatabaseCare;
  statusPage: StatusPage;
}

/** What runbooks may do: each reads, or can be taken back. */
export function runbookActions(parts: ActionParts): SafeActions {
  const { stores, live, incidents, scheduler, databases, statusPage } = parts;
  return new Map<string, SafeAction>([
    [
      'alerts.acknowledge',
      {
        about: 'Takes the incident and acknowledges its alerts, which stops their escalation',
        async run(_parameters, { incident, actor, now }) {
          const id = needed(incident);
          await incidents.acknowledge(id, { actor, now, via: 'runbook' });
          const { alerts } = await incidents.read(id);
          const firing = alerts.filter(({ state }) => state === 'firing').length;
          return `Taken by ${actor}; ${firing === 0 ? 'no alert fires' : `${firing} firing alerts are acknowledged`}.`;
        },
      },
    ],
    ['requests.failing', telemetryAction(stores, FAILING)],
    ['requests.slowest', telemetryAction(stores, SLOWEST)],
    ['outbound.failing', telemetryAction(stores, OUTBOUND)],
    [
      'releases.recent',
      {
        about: 'Lists what was deployed or first seen within a day',
        async run(_parameters, { now }) {
          const found = await deploysBetween(stores.db, now - DAY_MS, now + 1);
          const lines = found.map(({ at, version, environment }) => {
            return `${time(at)}  ${version}${environment === null ? ' (first seen)' : ` to ${environment}`}`;
          });
          return lines.length === 0 ? 'No release within a day.' : lines.reverse().join('\n');
        },
      },
    ],
    [
      'database.findings',
      {
        about: 'Lists what is wrong with the databases now',
        async run({ name }) {
          const names = live.current.databases
            .map((one) => one.name)
            .filter((one) => name === undefined || one === name);
          const lines = names.flatMap((one) => findingsOf(databases, one));
          return lines.length === 0 ? 'No database is watched.' : lines.join('\n');
        },
      },
    ],
    [
      'status_page.draft',
      {
        about: 'Drafts a post for the status page, which a person publishes',
        async run(_parameters, { incident, actor, now }) {
          const post = await statusPage.draft(await incidents.outline(needed(incident)), { actor, now });
          return `Drafted "${post.title}"; publish it on the page Status page.`;
        },
      },
    ],
    [
      'job.run',
      {
        about: 'Starts a job of the page Jobs now',
        async run({ name = '' }, { actor }) {
          const run = await scheduler().runNow(name, actor);
          return `The job ${name} was started as run ${run.id}.`;
        },
      },
    ],
  ]);
}

function needed(incident: string | null): string {
  if (incident !== null) return incident;
  throw new YumOpsError('no_incident', 'This action belongs to an incident.', { status: 400 });
}

function findingsOf(databases: DatabaseCare, name: string): string[] {
  const latest = databases.findings.latest(name);
  if (!latest) return [`${name}: not looked at yet`];
  const grave = latest.findings.filter(({ severity }) => severity !== 'info');
  if (grave.length === 0) return [`${name}: nothing is wrong (as of ${time(latest.at)})`];
  return grave.slice(0, FINDINGS_SHOWN).map(({ severity, message }) => `${name}: ${severity}: ${message}`);
}

interface Listing {
  about: string;
  sql: string;
  none: string;
  line(row: Record<string, unknown>): string;
}

const SINCE = `timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`;

const FAILING: Listing = {
  about: 'Lists the routes with most failed requests of the last 15 minutes',
  sql: `SELECT ifNull(endpoint, '?') AS route, countIf(statusCode >= 500) AS failed, count() AS requests FROM requests
        WHERE ${SINCE} GROUP BY route HAVING failed > 0 ORDER BY failed DESC, route LIMIT 10`,
  none: 'No request failed within 15 minutes.',
  line: ({ route, failed, requests }) => `${route}: ${failed} of ${requests} requests failed`,
};

const SLOWEST: Listing = {
  about: 'Lists the slowest routes of the last 15 minutes',
  sql: `SELECT ifNull(endpoint, '?') AS route, round(quantile(0.95)(duration)) AS p95, count() AS requests FROM requests
        WHERE ${SINCE} AND duration IS NOT NULL GROUP BY route ORDER BY p95 DESC, route LIMIT 10`,
  none: 'There was no request within 15 minutes.',
  line: ({ route, p95, requests }) => `${route}: p95 ${p95} ms over ${requests} requests`,
};

const OUTBOUND: Listing = {
  about: 'Lists the providers with most failed calls of the last 15 minutes',
  sql: `SELECT ifNull(provider, host) AS name, countIf(failed) AS bad, count() AS calls,
          anyIf(ifNull(reason, toString(ifNull(statusCode, 0))), failed) AS why FROM outbound_calls
        WHERE ${SINCE} GROUP BY name HAVING bad > 0 ORDER BY bad DESC, name LIMIT 10`,
  none: 'No call to another service failed within 15 minutes.',
  line: ({ name, bad, calls, why }) => `${name}: ${bad} of ${calls} calls failed (${why})`,
};

function telemetryAction({ telemetry }: Stores, listing: Listing): SafeAction {
  return {
    about: listing.about,
    async run(_parameters, { now }) {
      const rows = await telemetry.query(listing.sql, { from: now - SPAN_MS, to: now });
      return rows.length === 0 ? listing.none : rows.map(listing.line).join('\n');
    },
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}
