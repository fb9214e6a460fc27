import type { IncidentRole, IncidentSeverity, IncidentStatus } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { announce } from './announce.ts';
import { acknowledge, type Incident, isOpen, moveStatus } from './incident.ts';
import type { Change, IncidentDeps } from './ports.ts';
import { type Fact, findIncident, insertStatus, recordFacts, updateIncident } from './store.ts';

/** What people change of an incident; what is left out stays. Times in ms since the epoch. */
export interface IncidentEdit {
  title?: string | undefined;
  summary?: string | undefined;
  severity?: IncidentSeverity | undefined;
  /** A name, or null to take the role from whoever has it. */
  roles?: { [Role in IncidentRole]?: string | null | undefined } | undefined;
  startedAt?: number | undefined;
  detectedAt?: number | undefined;
  runbook?: string | null | undefined;
}

const ROLES = ['commander', 'communications', 'scribe'] as const;

/** What came of a change: the incident, lines for its timeline, and what its receivers are told. */
interface Outcome {
  incident: Incident;
  facts: readonly Fact[];
  detail: Record<string, unknown>;
  told: { what: string; note: string } | null;
}

/** Reads, decides and writes in one transaction, with its audit row. */
async function change(
  deps: IncidentDeps,
  key: string,
  action: string,
  { actor, now }: Change,
  decide: (incident: Incident, tx: Queryable) => Outcome | Promise<Outcome>,
): Promise<Incident> {
  const incident = await deps.db.transaction(async (tx) => {
    const before = await findIncident(tx, key, true);
    const { incident: after, facts, detail, told } = await decide(before, tx);
    await updateIncident(tx, after);
    await recordFacts(tx, after.id, facts);
    await deps.audit(tx, { at: now, actor, action, target: after.id, detail });
    if (told) await announce(tx, deps, after, { ...told, now });
    return after;
  });
  deps.changed();
  return incident;
}

/**
 * Moves an incident to another status.
 * @param move `at`: when it came about, ms since the epoch; left out = now
 * @throws YumOpsError `incident_not_found` (404), `incident_status` (409), `incident_time` (400)
 */
export function changeStatus(
  deps: IncidentDeps,
  key: string,
  move: { status: IncidentStatus; note?: string | undefined; at?: number | undefined },
  by: Change,
): Promise<Incident> {
  const note = move.note?.trim() ?? '';
  return change(deps, key, 'incident.status', by, async (before, tx) => {
    const at = move.at ?? Math.max(by.now, before.movedAt);
    if (!isOpen(before)) await refuseSecondOpen(tx, before);
    const incident = moveStatus(before, { status: move.status, at, by: by.actor }, Math.max(by.now, at));
    if (move.at !== undefined && move.at > by.now) throw inFuture();
    await insertStatus(tx, before.id, { status: move.status, at, by: by.actor, note });
    const text = `${before.status} → ${move.status}${note === '' ? '' : `: ${note}`}`;
    return {
      incident,
      facts: [{ at, kind: 'status', actor: by.actor, text }],
      detail: { from: before.status, to: move.status, note },
      told: { what: `is ${move.status}`, note },
    };
  });
}

/** Of one key only one incident is open at a time. */
async function refuseSecondOpen(tx: Queryable, { id, key, number }: Incident): Promise<void> {
  const [other] = await tx.query<{ number: string }>(
    `SELECT number FROM incidents
     WHERE dedup_key = $1 AND id <> $2 AND status NOT IN ('resolved', 'closed', 'cancelled')`,
    [key, id],
  );
  if (!other) return;
  throw new YumOpsError(
    'incident_status',
    `Incident ${other.number} about the same is open: ${number} stays as it is.`,
    {
      status: 409,
    },
  );
}

function inFuture(): YumOpsError {
  return new YumOpsError('incident_time', 'A status cannot come about in the future.', { status: 400 });
}

/** @throws YumOpsError `incident_not_found` (404), `invalid_incident` (400) */
export function editIncident(deps: IncidentDeps, key: string, edit: IncidentEdit, by: Change): Promise<Incident> {
  return change(deps, key, 'incident.edit', by, (before) => {
    const { roles: given = {}, ...rest } = edit;
    const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const roles = Object.fromEntries(
      Object.entries({ ...before.roles, ...given }).filter(([, person]) => typeof person === 'string' && person !== ''),
    ) as Incident['roles'];
    const incident: Incident = { ...before, ...set, roles };
    if (incident.startedAt > incident.detectedAt || incident.detectedAt > by.now || incident.title.trim() === '') {
      throw new YumOpsError('invalid_incident', 'The fault begins, is detected, and both are over: in this order.', {
        hint: 'Give startedAt before detectedAt, and neither in the future.',
        status: 400,
      });
    }
    const facts = factsOfEdit(before, incident, by);
    return { incident, facts, detail: { ...edit }, told: newsOfEdit(before, incident) };
  });
}

/** Severity and roles are news to everybody; the rest is for those who look. */
function newsOfEdit(before: Incident, after: Incident): Outcome['told'] {
  const roles = ROLES.filter((role) => before.roles[role] !== after.roles[role]);
  const note = roles.map((role) => `${role}: ${after.roles[role] ?? 'nobody'}`).join(', ');
  if (before.severity !== after.severity) return { what: `is ${after.severity} now`, note };
  return note === '' ? null : { what: 'changed hands', note };
}

function factsOfEdit(before: Incident, after: Incident, { actor, now }: Change): Fact[] {
  const facts: Fact[] = [];
  if (before.severity !== after.severity) {
    facts.push({ at: now, kind: 'severity', actor, text: `${before.severity} → ${after.severity}` });
  }
  for (const role of ROLES) {
    if (before.roles[role] === after.roles[role]) continue;
    facts.push({ at: now, kind: 'role', actor, text: `${role}: ${after.roles[role] ?? 'nobody'}` });
  }
  if (before.title !== after.title) facts.push({ at: now, kind: 'change', actor, text: `Title: ${after.title}` });
  const moved = (['startedAt', 'detectedAt'] as const).filter((name) => before[name] !== after[name]);
  for (const name of moved) {
    const what = name === 'startedAt' ? 'Began at' : 'Detected at';
    facts.push({ at: now, kind: 'change', actor, text: `${what} ${new Date(after[name]).toISOString()}` });
  }
  return facts;
}

/** Somebody takes the incident: who took it first counts, and has the command unless another has. */
export function takeIncident(deps: IncidentDeps, key: string, by: Change): Promise<Incident> {
  return change(deps, key, 'incident.acknowledge', by, async (before, tx) => {
    const taken = acknowledge(before, by.actor, by.now);
    const commanded = { ...taken, roles: { commander: by.actor, ...taken.roles } };
    const facts: Fact[] = [{ at: by.now, kind: 'acknowledgement', actor: by.actor, text: `Taken by ${by.actor}` }];
    if (before.status !== 'triage') return { incident: commanded, facts, detail: {}, told: null };
    const at = Math.max(by.now, before.movedAt);
    const moved = moveStatus(commanded, { status: 'investigating', at, by: by.actor }, at);
    await insertStatus(tx, before.id, { status: 'investigating', at, by: by.actor, note: '' });
    facts.push({ at, kind: 'status', actor: by.actor, text: 'triage → investigating' });
    return { incident: moved, facts, detail: {}, told: { what: `was taken by ${by.actor}`, note: '' } };
  });
}

/** @throws YumOpsError `incident_not_found` (404), `invalid_incident` (400) */
export function commentOn(deps: IncidentDeps, key: string, text: string, by: Change): Promise<Incident> {
  if (text.trim() === '') throw new YumOpsError('invalid_incident', 'A comment has some text.', { status: 400 });
  return change(deps, key, 'incident.comment', by, (incident) => ({
    incident,
    facts: [{ at: by.now, kind: 'comment', actor: by.actor, text: text.trim() }],
    detail: {},
    told: null,
  }));
}
