import type { Queryable } from '../../lib/db.ts';
import { type Episode, episodesById, type Labels, matchable, matchesAll } from '../alerting/index.ts';
import { announce } from './announce.ts';
import type { DeclarePolicy } from './config.ts';
import { declareIncident, linkAlerts, SEVERITY_OF } from './declare.ts';
import { acknowledge, type Incident, isOpen, moveStatus, PLATFORM } from './incident.ts';
import type { IncidentDeps } from './ports.ts';
import { type Fact, findIncident, insertStatus, recordFacts, updateIncident } from './store.ts';

/** An alert that fires, and why nobody is told of it now, if so. */
export interface FiringAlert {
  episode: Episode;
  mutedBy: string | null;
}

/** Declares what the policies say of alerts that fire at `now` (ms), and lets others join the incident that is open. */
export async function declareFromAlerts(deps: IncidentDeps, firing: readonly FiringAlert[], now: number) {
  const told = firing.filter(({ mutedBy }) => mutedBy === null).map(({ episode }) => episode);
  if (told.length === 0) return;
  const known = await deps.db.query<{ alert_id: string }>(
    'SELECT DISTINCT alert_id FROM incident_alerts WHERE alert_id = ANY ($1::text[])',
    [told.map(({ id }) => id)],
  );
  const fresh = told.filter(({ id }) => !known.some((row) => row.alert_id === id));
  for (const episode of fresh) {
    const policy = deps.config().declare.find(({ matchers }) => matchesAll(matchers, matchable(episode)));
    if (policy && now - episode.firedAt >= policy.afterMs) await declareOne(deps, episode, policy, now);
    else if (!policy && episode.origin !== 'meta') await joinOpen(deps, episode, now);
  }
}

async function declareOne(deps: IncidentDeps, episode: Episode, policy: DeclarePolicy, now: number): Promise<void> {
  const own = matchable(episode);
  const labels: Labels = Object.fromEntries(policy.by.map((name) => [name, own[name] ?? '']));
  const key = `alerts:${JSON.stringify(Object.entries(labels).sort())}`;
  const declaration = {
    title: episode.summary.slice(0, 200),
    severity: policy.severity ?? SEVERITY_OF[episode.severity],
    source: 'alert' as const,
    ...{ key, labels, alerts: [episode.id], startedAt: episode.startedAt },
  };
  await declareIncident(deps, declaration, { actor: PLATFORM, now });
}

/** What fires beside an incident that alerts declared, with the same labels, belongs to it. */
async function joinOpen(deps: IncidentDeps, episode: Episode, now: number): Promise<void> {
  const rows = await deps.db.query<{ id: string; labels: Labels }>(
    `SELECT id, labels FROM incidents
     WHERE source = 'alert' AND status NOT IN ('resolved', 'closed', 'cancelled') ORDER BY number DESC LIMIT 50`,
  );
  const own = matchable(episode);
  const found = rows.find(({ labels }) => Object.entries(labels).every(([name, value]) => (own[name] ?? '') === value));
  if (found) await linkAlerts(deps.db, found.id, [episode], now);
}

/**
 * Takes over what became of the alerts of an incident: who has them, that all have ended (then it is only watched), or
 * that one fires again. The decisions of people stay: an incident is resolved by a person.
 * @param now ms since the epoch
 */
export async function followAlerts(tx: Queryable, deps: IncidentDeps, id: string, now: number): Promise<string[]> {
  const incident = await findIncident(tx, id, true);
  const ids = (
    await tx.query<{ alert_id: string }>('SELECT alert_id FROM incident_alerts WHERE incident_id = $1', [id])
  ).map((row) => row.alert_id);
  const alerts = await episodesById(tx, ids);
  await linkAlerts(tx, id, alerts, now);
  const taken = takeOver(incident, alerts);
  const move = moveOf(taken, alerts, deps.config().reopenWithinMs, now);
  if (move) await moveByItself(tx, deps, taken, move, now);
  else if (taken !== incident) await updateIncident(tx, taken);
  return ids;
}

function takeOver(incident: Incident, alerts: readonly Episode[]): Incident {
  const ack = alerts.flatMap((alert) => alert.ack ?? []).sort((a, b) => a.at - b.at)[0];
  if (!ack) return incident;
  const taken = acknowledge(incident, ack.by, ack.at);
  return taken === incident ? incident : { ...taken, roles: { commander: ack.by, ...taken.roles } };
}

type Move = { status: 'investigating' | 'monitoring'; note: string; by: string };

function moveOf(incident: Incident, alerts: readonly Episode[], reopenMs: number, now: number): Move | null {
  if (alerts.length === 0) return null;
  const firing = alerts.filter(({ state }) => state === 'firing');
  const { status, resolvedAt, movedAt } = incident;
  if (isOpen(incident) && status !== 'monitoring') {
    if (firing.length === 0) return { status: 'monitoring', note: 'all its alerts have ended', by: PLATFORM };
    const taken = status === 'triage' && incident.acknowledgedBy !== null;
    return taken ? { status: 'investigating', note: 'taken', by: incident.acknowledgedBy ?? PLATFORM } : null;
  }
  // Only what began to fire after the change of status speaks against it.
  const again = firing.filter((alert) => alert.firedAt > movedAt || alert.round > 0);
  if (again.length === 0) return null;
  const note = `${again[0]?.rule} fires again`;
  const soon = status === 'resolved' && now - (resolvedAt ?? now) < reopenMs;
  return status === 'monitoring' || soon ? { status: 'investigating', note, by: PLATFORM } : null;
}

async function moveByItself(tx: Queryable, deps: IncidentDeps, incident: Incident, move: Move, now: number) {
  const at = Math.max(now, incident.movedAt);
  const after = moveStatus(incident, { status: move.status, at, by: move.by }, at);
  const text = `${incident.status} → ${move.status}: ${move.note}`;
  const facts: Fact[] = [{ at, kind: 'status', actor: move.by, text }];
  await updateIncident(tx, after);
  await insertStatus(tx, incident.id, { status: move.status, at, by: move.by, note: move.note });
  await recordFacts(tx, incident.id, facts);
  await deps.audit(tx, {
    ...{ at, actor: move.by, action: 'incident.status', target: incident.id },
    detail: { from: incident.status, to: move.status, note: move.note },
  });
  await announce(tx, deps, after, { what: `is ${move.status}`, note: move.note, now });
}
