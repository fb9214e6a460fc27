import { audit } from '../access/audit.ts';
import type { Scheduler } from '../care/scheduler/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Alerting } from '../respond/alerting/index.ts';
import { createIncidents, type Incidents, telemetryEvidence } from '../respond/incidents/index.ts';
import { type Checklists, createChecklists, createShelf } from '../respond/runbooks/index.ts';
import type { StatusPage } from '../respond/statuspage/index.ts';
import type { DatabaseCare } from './care.ts';
import { incidentFacts } from './incident-facts.ts';
import type { LiveConfig } from './live-config.ts';
import { runbookActions } from './runbook-actions.ts';
import { makeStatusPage } from './status-page.ts';
import type { Stores } from './stores.ts';

/** What people work with when something is wrong. */
export interface Response {
  incidents: Incidents;
  checklists: Checklists;
  statusPage: StatusPage;
}

/** Makes the desks for incidents and runbooks; they follow no alert yet. */
export function makeResponse(context: {
  stores: Stores;
  live: LiveConfig;
  alerting: Alerting;
  databases: DatabaseCare;
  scheduler(): Scheduler;
  clock: Clock;
  log: Log;
  publicUrl: string;
  /** Signs links that are good for ever. */
  linkKey: string;
}): Response {
  const { stores, live, alerting, databases, scheduler, clock, publicUrl } = context;
  const shelf = createShelf(() => live.current.root);
  const incidents = createIncidents({
    ...{ db: stores.db, audit, clock, publicUrl },
    log: context.log.child('incidents'),
    config: () => live.current.incidents,
    runbookOf: (alert) => shelf.idFor(alert),
    firing: () => alerting.pages.firing(),
    nextStepOf: async (id) => (await alerting.pages.alert(id, clock.now())).next,
    acknowledgeAlert: (id, by, via) => alerting.acknowledge(id, by, via),
    nudge: () => alerting.nudge(),
    facts: incidentFacts(databases, live),
    evidence: telemetryEvidence(stores.telemetry),
  });
  const statusPage = makeStatusPage(context);
  const actions = runbookActions({ stores, live, incidents, scheduler, databases, statusPage });
  return { incidents, statusPage, checklists: createChecklists({ db: stores.db, audit, shelf, actions }) };
}
