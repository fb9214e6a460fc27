import { auditBetween } from '../access/audit-between.ts';
import { deploysBetween } from '../observe/errors/index.ts';
import { transitionsBetween } from '../observe/uptime/index.ts';
import { factsOfAlerts } from '../respond/alerting/index.ts';
import type { Fact, FactSource } from '../respond/incidents/index.ts';
import type { DatabaseCare } from './care.ts';
import type { LiveConfig } from './live-config.ts';

const MOST = 500;
/** These stand in the timeline already, from where they were done. */
const TOLD_ELSEWHERE = ['alert.', 'incident.', 'checklist.', 'status_page.'];

const alerts: FactSource = async (db, { alertIds }) =>
  (await factsOfAlerts(db, alertIds)).map(({ key, at, kind, text, alertId }) => ({
    ...{ at, kind, text, source: key, actor: null },
    link: `/alerts/${alertId}`,
  }));

const checks: FactSource = async (db, { from, to }) =>
  (await transitionsBetween(db, from, to, MOST)).map((one) => ({
    ...{ at: one.at, kind: 'check' as const, actor: null, source: `check:${one.id}` },
    text: `${one.monitor}: ${one.from} → ${one.to}${one.reason === null ? '' : `: ${one.reason}`}`,
    link: `/uptime/${encodeURIComponent(one.monitorId)}`,
  }));

const deploys: FactSource = async (db, { from, to }) =>
  (await deploysBetween(db, from, to)).map(({ id, at, version, environment }) => ({
    ...{ at, kind: 'deploy' as const, actor: null, source: id, link: '/errors?view=releases' },
    text: environment === null ? `First seen: release ${version}` : `Deployed: release ${version} to ${environment}`,
  }));

const changes: FactSource = async (db, { from, to }) =>
  (await auditBetween(db, { from, to }, TOLD_ELSEWHERE, MOST)).map(({ id, at, actor, action, target }) => ({
    ...{ at, kind: 'change' as const, actor, source: `audit:${id}`, text: `${action} ${target}` },
  }));

/** What is wrong with the databases now, at the moment when it is first seen. */
function findings(databases: DatabaseCare, live: LiveConfig): FactSource {
  return async (_db, { from, to }) =>
    live.current.databases.flatMap(({ name }): Fact[] => {
      const latest = databases.findings.latest(name);
      if (!latest || latest.at < from || latest.at >= to) return [];
      const grave = latest.findings.filter(({ severity }) => severity === 'critical' || severity === 'warning');
      return grave.slice(0, 20).map(({ key, severity, message }) => ({
        ...{ at: latest.at, kind: 'finding' as const, actor: null, source: `finding:${name}:${key}` },
        text: `${name}: ${severity}: ${message}`,
        link: `/database?db=${encodeURIComponent(name)}`,
      }));
    });
}

/** Everything of which the timeline of an incident fills itself. */
export function incidentFacts(databases: DatabaseCare, live: LiveConfig): FactSource[] {
  return [alerts, checks, deploys, changes, findings(databases, live)];
}
