import { audit } from '../access/audit.ts';
import { readLoads } from '../care/database/index.ts';
import {
  alertSection,
  backupSection,
  capacitySection,
  createReports,
  databaseSection,
  deliverReport,
  deploySection,
  errorSection,
  jobSection,
  logSection,
  objectiveSection,
  type Reports,
  reportJobs,
  requestSection,
  type SectionSource,
  securitySection,
  uptimeSection,
  vitalSection,
} from '../care/reports/index.ts';
import type { Scaling } from '../care/scaling/index.ts';
import { countOpen, lastScanAt } from '../care/scan/index.ts';
import { type Job, runsBetween } from '../care/scheduler/index.ts';
import { countAttacksBetween } from '../care/security/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../lib/db.ts';
import { deploysBetween, type Errors } from '../observe/errors/index.ts';
import { listMonitorStates, readSlaBetween } from '../observe/uptime/index.ts';
import { type Alerting, alertStatistics, queueNotice } from '../respond/alerting/index.ts';
import { mailSender } from '../respond/notify/index.ts';
import type { Checklists } from '../respond/runbooks/index.ts';
import { listSlos } from '../respond/slo/index.ts';
import type { Windows } from '../respond/windows/index.ts';
import type { LiveBackups } from './backup/open.ts';
import type { DatabaseCare } from './care.ts';
import type { LiveConfig } from './live-config.ts';
import type { Stores } from './stores.ts';

/** Id of the procedure of the quarterly architecture review. */
const REVIEW = 'architecture-review';

export interface ReportParts {
  stores: Stores;
  live: LiveConfig;
  alerting: Alerting;
  databases: DatabaseCare;
  backups: LiveBackups;
  scaling: Pick<Scaling, 'section'>;
  errors: Errors;
  windows: Windows;
  checklists: Checklists;
  clock: Clock;
  publicUrl: string;
}

/** Reports, and the jobs that make them. */
export interface ReportDesk {
  reports: Reports;
  jobs(): Job[];
}

/** What reports are made of, in the order in which they are read: one line a domain. */
function sectionsOf(parts: ReportParts): SectionSource[] {
  const { db, telemetry } = parts.stores;
  const deploys = (from: number, to: number) => deploysBetween(db, from, to);
  return [
    requestSection({ telemetry, deploys }),
    errors(parts),
    objectives(parts),
    alertSection({ statistics: ({ from, to }) => alertStatistics(db, from, to), knownSince: () => knownSince(db) }),
    uptime(parts),
    vitalSection({ telemetry }),
    logSection({ telemetry }),
    databases(parts),
    backupSection({ backups: () => seenBackups(parts.backups) }),
    jobSection({ runs: ({ from, to }) => runsBetween(db, from, to), knownSince: () => knownSince(db) }),
    security(parts),
    capacitySection({ capacity: () => parts.scaling.section() }),
    deploySection({ deploys }),
  ];
}

/** Makes the desk of reports; it makes none by itself. */
export function makeReports(parts: ReportParts): ReportDesk {
  const { stores, live, checklists, clock, publicUrl } = parts;
  const { db } = stores;
  const reports = createReports({
    ...{ db, publicUrl, audit },
    sections: () => sectionsOf(parts),
    config: () => live.current.reports,
    service: () => live.current.service,
  });
  const mail = () => {
    const { smtp } = live.current.integrations;
    return smtp?.broken === null ? mailSender(smtp) : undefined;
  };
  return {
    reports,
    jobs: () =>
      reportJobs({
        ...{ reports, clock, config: () => live.current.reports },
        deliver: (id, signal) => deliverReport({ db, clock, mail }, id, signal),
        beginReview: (by) => beginReview(stores, live, checklists, { by, now: clock.now(), publicUrl }),
      }),
  };
}

/** The first thing that this installation wrote down, ms since the epoch. */
async function knownSince(db: Queryable): Promise<number> {
  const [row] = await db.query<{ at: number | null }>(
    `SELECT extract(epoch FROM least((SELECT min(at) FROM audit_log), (SELECT min(queued_at) FROM job_runs),
       (SELECT min(fired_at) FROM alerts)))::float8 * 1000 AS at`,
  );
  return row?.at ?? Number.POSITIVE_INFINITY;
}

function errors({ errors: known }: ReportParts): SectionSource {
  return errorSection({
    async list({ from, to }, limit) {
      const { items, nextCursor } = await known.list({ from, to, limit, sort: 'impact' });
      return { items, more: nextCursor !== null };
    },
  });
}

function objectives({ stores, live, alerting, windows, clock }: ReportParts): SectionSource {
  return objectiveSection({
    async slos() {
      const states = new Map((await alerting.pages.rules()).map(({ name, state }) => [name, state] as const));
      const reading = {
        telemetry: stores.telemetry,
        plannedWork: windows.planned,
        stateOf: (rule: string) => states.get(rule) ?? 'inactive',
      };
      return listSlos(reading, live.current.slos, clock.now());
    },
  });
}

function uptime({ stores, clock }: ReportParts): SectionSource {
  return uptimeSection({
    sla: ({ from, to }) => readSlaBetween(stores, { period: 'report', from, to }, Math.min(clock.now(), to)),
    async down() {
      const states = await listMonitorStates(stores.db);
      return states.filter(({ state }) => state === 'down').map(({ id, name, reason }) => ({ id, name, reason }));
    },
  });
}

function databases({ stores, live, databases: care }: ReportParts): SectionSource {
  return databaseSection({
    databases: () =>
      live.current.databases.map(({ name }) => ({ name, findings: care.watch.latest(name)?.findings ?? null })),
    loads: (database, { from, to }, limit) => readLoads(stores.telemetry, database, { from, to }, limit),
  });
}

function security({ stores: { db }, clock }: ReportParts): SectionSource {
  return securitySection({
    attacks: (span) => countAttacksBetween(db, span),
    findings: async () => ({ open: await countOpen(db, clock.now()), lastScanAt: await lastScanAt(db) }),
    knownSince: () => knownSince(db),
  });
}

function seenBackups({ open, watch }: LiveBackups) {
  const backups = open();
  return Promise.all(backups.all.map(({ name }) => watch.see(backups, name)));
}

/** Begins the checklist of the review unless one is open, and tells the receivers of quarterly reports. */
async function beginReview(
  { db }: Stores,
  live: LiveConfig,
  checklists: Checklists,
  { by, now, publicUrl }: { by: string; now: number; publicUrl: string },
): Promise<string | undefined> {
  const open = await checklists.list({ kind: 'procedure', limit: 200 });
  if (open.some(({ runbook, state }) => runbook === REVIEW && state === 'open')) return undefined;
  const id = await checklists.begin(REVIEW, {}, { actor: by, now });
  const targets = live.current.reports.plans.find(({ kind }) => kind === 'quarterly')?.recipients ?? [];
  await db.transaction((tx) =>
    queueNotice(
      tx,
      {
        ...{ key: `review:${id}`, topic: `review ${id}`, targets, severity: 'info', ended: false },
        title: 'The quarterly architecture review waits for somebody',
        lines: ['Its checklist was begun: take it, tick what is done, and end it with what came of it.'],
        url: `${publicUrl}/runbooks?view=procedures&run=${id}`,
        reason: 'you get quarterly reports',
      },
      now,
    ),
  );
  return id;
}
