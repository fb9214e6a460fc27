import type {
  IncidentDetail,
  IncidentEvidenceRows,
  IncidentImpact,
  Incident as IncidentItem,
  IncidentStatistics,
  IncidentStatus,
  Page,
  Postmortem,
} from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Loop } from '../../lib/loop.ts';
import { episodesById } from '../alerting/index.ts';
import { changeStatus, commentOn, editIncident, type IncidentEdit, takeIncident } from './change-incident.ts';
import { type Declaration, declareIncident } from './declare.ts';
import { readEvidence } from './evidence.ts';
import { declareFromAlerts, type FiringAlert } from './follow-alerts.ts';
import { type GatherDeps, gatherAll, gatherOne } from './gather.ts';
import { readImpact } from './impact.ts';
import { type IncidentOutline, readOutline } from './outline.ts';
import type { Change } from './ports.ts';
import { draftPostmortem, savedPostmortem, savePostmortem } from './postmortem.ts';
import { type IncidentQuery, listIncidents, type NextStepOf, readIncident } from './read.ts';
import { readStatistics } from './statistics.ts';
import { type Fact, findIncident, recordFacts } from './store.ts';
import { addTask, setTask } from './tasks.ts';

/** How often facts are gathered. */
const ROUND_MS = 2_000;
const AFTER_FAILURE_MS = 10_000;

export interface IncidentsOptions extends Omit<GatherDeps, 'changed'> {
  /** Everything that fires. */
  firing(): Promise<readonly FiringAlert[]>;
  nextStepOf: NextStepOf;
  acknowledgeAlert(alertId: string, by: string, via: string): Promise<void>;
  /** Called when messages may have been put into the outbox. */
  nudge(): void;
  clock: Clock;
  log: Log;
}

/** Incidents, from the fault to the postmortem. */
export interface Incidents {
  start(): void;
  stop(): Promise<void>;
  /**
   * Declares an incident, or joins the open one of the same key.
   * @throws YumOpsError `invalid_incident` (400), `alert_not_found` (404)
   */
  declare(input: Declaration, by: Change): Promise<{ id: string; number: number; created: boolean }>;
  /** Declares one about an alert, unless it belongs to one that is open. @throws YumOpsError `alert_not_found` (404) */
  declareForAlert(alertId: string, by: Change): Promise<{ id: string; number: number; created: boolean }>;
  list(query: IncidentQuery): Promise<Page<IncidentItem>>;
  /** @param key id or number. @throws YumOpsError `incident_not_found` (404) */
  read(key: string): Promise<IncidentDetail>;
  move(
    key: string,
    move: { status: IncidentStatus; note?: string | undefined; at?: number | undefined },
    by: Change,
  ): Promise<void>;
  edit(key: string, edit: IncidentEdit, by: Change): Promise<void>;
  /** Takes the incident and all its alerts, which stops their escalation. */
  acknowledge(key: string, by: Change & { via: string }): Promise<void>;
  comment(key: string, text: string, by: Change): Promise<void>;
  addTask(key: string, task: { title: string; assignee?: string | null | undefined }, by: Change): Promise<string>;
  setTask(key: string, task: { id: string; done: boolean }, by: Change): Promise<void>;
  postmortem(key: string): Promise<Postmortem>;
  savePostmortem(key: string, text: string, by: Change): Promise<void>;
  evidence(key: string, kind: string): Promise<IncidentEvidenceRows>;
  /** What it did to requests, from the frozen evidence. */
  impact(key: string): Promise<IncidentImpact>;
  /** @param from @param to ms since the epoch */
  statistics(from: number, to: number): Promise<IncidentStatistics>;
  /** Adds a line to the timeline: what another part of the platform did about it. */
  record(key: string, fact: Fact): Promise<void>;
  /** What it is about, for those who tell others of it. */
  outline(key: string): Promise<IncidentOutline>;
  /** Brings one incident up to date now. */
  gather(key: string, now: number): Promise<void>;
  /** Declares what alerts call for, and brings every lively incident up to date. */
  round(now: number): Promise<void>;
}

export function createIncidents(options: IncidentsOptions): Incidents {
  const { db, clock, log } = options;
  const deps: GatherDeps = {
    ...options,
    changed() {
      options.nudge();
      loop.wake();
    },
  };
  const round = async (now: number) => {
    await declareFromAlerts(deps, await options.firing(), now);
    await gatherAll(deps, now, ({ number }, error) => {
      log.warn('facts of an incident could not be gathered', { incident: number, reason: messageOf(error) });
    });
  };
  const loop = new Loop(
    clock,
    async () => {
      await round(clock.now());
      return ROUND_MS;
    },
    (error) => {
      log.error('incidents could not be brought up to date', { error: messageOf(error) });
      return AFTER_FAILURE_MS;
    },
  );
  const declare = async (input: Declaration, by: Change) => {
    const { incident, created } = await declareIncident(deps, input, by);
    return { id: incident.id, number: incident.number, created };
  };
  const read = (key: string) => readIncident(db, key, options.nextStepOf);

  return {
    start: () => loop.start(),
    stop: () => loop.stop(),
    declare,
    async declareForAlert(alertId, by) {
      const [open] = (await listIncidents(db, { state: 'open', alert: alertId, limit: 1 })).items;
      if (open) return { id: open.id, number: open.number, created: false };
      const [alert] = await episodesById(db, [alertId]);
      return declare({ title: (alert?.summary ?? alertId).slice(0, 200), alerts: [alertId] }, by);
    },
    list: (query) => listIncidents(db, query),
    read,
    move: async (key, move, by) => void (await changeStatus(deps, key, move, by)),
    edit: async (key, edit, by) => void (await editIncident(deps, key, edit, by)),
    async acknowledge(key, { via, ...by }) {
      const { id } = await takeIncident(deps, key, by);
      const { alerts } = await read(id);
      const open = alerts.filter(({ state, acknowledgedBy }) => state === 'firing' && acknowledgedBy === null);
      for (const alert of open) await options.acknowledgeAlert(alert.id, by.actor, via);
      deps.changed();
    },
    comment: async (key, text, by) => void (await commentOn(deps, key, text, by)),
    addTask: (key, task, by) => addTask(deps, key, task, by),
    setTask: (key, task, by) => setTask(deps, key, task, by),
    async postmortem(key) {
      const { id } = await findIncident(db, key);
      const saved = await savedPostmortem(db, id);
      if (saved) return saved;
      const [incident, impact] = await Promise.all([read(id), readImpact(db, id)]);
      return { text: draftPostmortem(incident, impact), saved: false, by: null, at: null };
    },
    savePostmortem: (key, text, by) => savePostmortem(deps, key, text, by),
    evidence: async (key, kind) => readEvidence(db, (await findIncident(db, key)).id, kind),
    impact: (key) => readImpact(db, key),
    statistics: (from, to) => readStatistics(db, from, to),
    async record(key, fact) {
      await recordFacts(db, (await findIncident(db, key)).id, [fact]);
    },
    outline: (key) => readOutline(db, key),
    gather: async (key, now) => gatherOne(deps, (await findIncident(db, key)).id, now),
    round,
  };
}
