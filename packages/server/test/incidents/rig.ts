import type { FastifyInstance } from 'fastify';
import { audit } from '../../src/access/audit.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { Db } from '../../src/lib/db.ts';
import { createLog } from '../../src/lib/log.ts';
import type { TelemetryStore } from '../../src/lib/telemetry.ts';
import { type Alerting, AlertPages, factsOfAlerts } from '../../src/respond/alerting/index.ts';
import { aroundBeginning } from '../../src/respond/incidents/evidence.ts';
import { impactEvidence } from '../../src/respond/incidents/impact-evidence.ts';
import { createIncidents, type FactSource, type Incidents } from '../../src/respond/incidents/index.ts';
import type { EvidenceSource } from '../../src/respond/incidents/ports.ts';
import { createShelf } from '../../src/respond/runbooks/index.ts';
import { type AlertRig, configOf, type RigConfig, type RigOptions, START } from '../support/alert-rig.ts';
import { alertingApp } from '../support/alerting-app.ts';

export const CONFIG = `
incidents:
  declare: [{matchers: ["severity=critical"], by: [service]}]
  notify: [{slack: "#incidents"}]
alert_rules:
  - {name: High Error Rate, condition: "last_load > 5", time_window: 30s, severity: critical, eval_interval: 15s, resolve: 5, keep_firing_for: 0s, by: [service], notifications: [{slack: "#ops"}]}
  - {name: Slow, condition: "last_latency > 5", time_window: 30s, severity: warning, eval_interval: 15s, by: [service], notifications: [{slack: "#ops"}]}
`;

/** Incidents on a real Postgres beside the alert path, on a fake clock. */
export interface IncidentRig {
  clock: FakeClock;
  rig: AlertRig;
  alerting: Alerting;
  incidents: Incidents;
  app: FastifyInstance;
  /** What the evidence source answers; an error = it fails. */
  evidence: { rows: Record<string, unknown>[]; total: number } | Error;
  /** Facts that other domains keep. */
  facts: Awaited<ReturnType<FactSource>>;
  /** Another process on the same store, which has nothing in memory. */
  another(): Incidents;
  by(actor: string): { actor: string; now: number };
  /** Runs the alert path until `t` seconds, then a round of incidents. */
  until(t: number): Promise<void>;
}

export async function incidentRig(
  db: Db,
  yaml = CONFIG,
  { telemetry, notifiers }: { telemetry?: TelemetryStore } & Pick<RigOptions, 'notifiers'> = {},
): Promise<IncidentRig> {
  const clock = new FakeClock(START);
  const { rig, alerting } = await alertingApp(db, yaml, { clock, ...(notifiers && { notifiers }) });
  const config = configOf(yaml) as RigConfig & { incidents: never };
  const log = createLog(clock, () => undefined);
  const shelf = createShelf(() => '/nonexistent');
  const pages = new AlertPages(db, { read: async () => [] }, config, () => clock.now());
  const alertFacts: FactSource = async (tx, { alertIds }) =>
    (await factsOfAlerts(tx, alertIds)).map(({ key, at, kind, text }) => ({
      at,
      kind,
      text,
      actor: null,
      source: key,
    }));
  const source: EvidenceSource = {
    kind: 'logs',
    title: 'Log lines',
    spanOf: aroundBeginning,
    againMs: null,
    query: () => 'SELECT 1',
    read: async () => {
      if (own.evidence instanceof Error) throw own.evidence;
      return own.evidence;
    },
  };
  const make = () =>
    createIncidents({
      ...{ db, audit, clock, log, publicUrl: 'https://ops.yumzoom.app' },
      config: () => config.incidents,
      runbookOf: (alert) => shelf.idFor(alert),
      firing: () => pages.firing(),
      nextStepOf: async (id) => (await pages.alert(id, clock.now())).next,
      acknowledgeAlert: (id, by, via) => alerting.acknowledge(id, by, via),
      nudge: () => undefined,
      facts: [alertFacts, async () => own.facts],
      evidence: [source, ...(telemetry ? impactEvidence(telemetry) : [])],
    });
  const own: IncidentRig = {
    ...{ clock, rig, alerting, incidents: make(), app: await createHttpServer({ log, version: '0' }) },
    ...{ evidence: { rows: [{ message: 'order refused' }], total: 1 }, facts: [] },
    another: make,
    by: (actor) => ({ actor, now: clock.now() }),
    async until(t) {
      await rig.until(t);
      await own.incidents.round(clock.now());
    },
  };
  return own;
}
