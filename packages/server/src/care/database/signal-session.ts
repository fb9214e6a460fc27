import { codeOf, YumOpsError } from '../../lib/errors.ts';
import { quoteName, quoteText } from '../../lib/sql-quote.ts';
import type { AdministeredDatabase } from './monitored-database.ts';
import { readServerFacts } from './server-facts.ts';

/** `cancel` ends the statement of a session, `terminate` the session. */
export type SessionSignal = 'cancel' | 'terminate';

/** The session that is meant. */
export interface SessionId {
  pid: number;
  /** When it connected, as `readActivity` tells: another session may have the pid by now. */
  since: string;
}

/**
 * Ends what a session of a client does, or the session. Background workers, sessions of other databases and our own
 * are never touched.
 * @throws YumOpsError `session_gone`, `not_allowed`
 */
export async function signalSession(
  db: AdministeredDatabase,
  signal: SessionSignal,
  { pid, since }: SessionId,
): Promise<void> {
  const verb = signal === 'cancel' ? 'pg_cancel_backend' : 'pg_terminate_backend';
  try {
    const [row] = await db.query<{ sent: boolean }>(`
      SELECT ${verb}(a.pid) AS sent FROM pg_stat_activity a
      WHERE a.pid = ${pid} AND a.backend_type = 'client backend' AND a.datname = current_database()
        AND a.application_name NOT LIKE 'yumops%'
        AND to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') = ${quoteText(since)}`);
    if (row?.sent) return;
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    const { role } = await readServerFacts(db);
    throw new YumOpsError('not_allowed', `The role "${role}" may not end sessions of other roles.`, {
      hint: `GRANT pg_signal_backend TO ${quoteName(role)}; — or give maintenance a url with that right. A superuser's session can only be ended by a superuser.`,
      status: 403,
    });
  }
  throw new YumOpsError('session_gone', `There is no such session with pid ${pid} any more.`, {
    hint: 'Look at the activity again.',
    status: 409,
  });
}
