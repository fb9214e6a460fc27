import type { SessionStatus } from '@yumops/protocol';

/** A session of a blocking tree. */
export interface TreeRow {
  session: SessionStatus;
  /** How many sessions stand between it and the one at the root. */
  depth: number;
}

/** Blocking trees, one after the other: each root and below it those that wait. A session is shown once. */
export function blockingTree(sessions: readonly SessionStatus[]): TreeRow[] {
  const known = new Map(sessions.map((session) => [session.pid, session]));
  const waiting = sessions.filter(({ blockers }) => blockers.length > 0);
  const blocking = new Set(waiting.flatMap(({ blockers }) => blockers));
  const rows: TreeRow[] = [];
  const shown = new Set<number>();
  const walk = (session: SessionStatus, depth: number) => {
    if (shown.has(session.pid)) return;
    shown.add(session.pid);
    rows.push({ session, depth });
    for (const next of waiting) if (next.blockers.includes(session.pid)) walk(next, depth + 1);
  };
  for (const pid of blocking) {
    const root = known.get(pid);
    if (root && root.blockers.length === 0) walk(root, 0);
  }
  // Whoever waits for something that is not in the list (a prepared transaction) is a root of its own.
  for (const session of waiting) walk(session, 0);
  return rows;
}
