import type { OwnershipRule } from '../config.ts';
import type { ErrorEvent } from '../event.ts';
import { matchesEvent } from '../grouping/rules.ts';
import { EVENTS, type Telemetry } from './events-source.ts';
import { storedEvent } from './stored-event.ts';

/** Whose an error is: the owners of every rule that matches, in the order of the rules. */
export function ownersOf(event: ErrorEvent, rules: readonly OwnershipRule[]): string[] {
  return [...new Set(rules.filter(({ match }) => matchesEvent(event, match)).flatMap(({ owners }) => owners))];
}

/** Owners by issue, by the newest event of each. */
export async function readOwners(
  telemetry: Telemetry,
  ids: readonly string[],
  rules: readonly OwnershipRule[],
): Promise<Map<string, string[]>> {
  if (rules.length === 0 || ids.length === 0) return new Map();
  const rows = await telemetry.query<{ id: string; event: string; exception: string }>(
    `SELECT issueId AS id, argMax(e.event, e.timestamp) AS event, argMax(e.exception, e.timestamp) AS exception FROM ${EVENTS} AS e
     WHERE issueId IN {ids:Array(String)} GROUP BY issueId`,
    { ids },
  );
  return new Map(rows.map(({ id, ...row }) => [id, ownersOf(storedEvent(row), rules)]));
}
