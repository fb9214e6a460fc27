import type { AuditFault, AuditHead, AuditVerdict } from '@yumops/protocol';
import type { Db, Queryable } from '../lib/db.ts';

const MOST_FAULTS = 20;

/** The newest link; null while nothing was written. */
export async function readAuditHead(db: Queryable): Promise<AuditHead | null> {
  const [head] = await db.query<{ position: string; hash: string }>(
    `SELECT position::text, encode(hash, 'hex') AS hash FROM audit_chain ORDER BY audit_chain.position DESC LIMIT 1`,
  );
  return head ? { position: Number(head.position), hash: head.hash } : null;
}

/**
 * Follows the chain of the audit log from its first entry and names every entry that was changed, removed, or written
 * past it. An end that was cut off, or a chain that was computed anew, shows only against a `witness`.
 * @param witness a head that was read earlier and kept elsewhere
 */
export async function verifyAuditLog(db: Db, witness: AuditHead | null): Promise<AuditVerdict> {
  return db.transaction(async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const [count] = await tx.query<{ n: string }>('SELECT count(*)::text AS n FROM audit_log');
    const broken = await tx.query<BrokenLink>(
      `SELECT links.position::text, audit_id::text AS id, before::text, missing FROM (
         SELECT c.position, c.audit_id, a.id IS NULL AS missing,
           lag(c.position, 1, 0::bigint) OVER chain AS before,
           c.hash IS DISTINCT FROM audit_hash(lag(c.hash, 1, ''::bytea) OVER chain, a) AS wrong
         FROM audit_chain c LEFT JOIN audit_log a ON a.id = c.audit_id
         WINDOW chain AS (ORDER BY c.position)
       ) links WHERE wrong OR missing OR position <> before + 1 ORDER BY links.position LIMIT ${MOST_FAULTS}`,
    );
    const loose = await tx.query<{ id: string }>(
      `SELECT a.id::text FROM audit_log a LEFT JOIN audit_chain c ON c.audit_id = a.id
       WHERE c.audit_id IS NULL ORDER BY a.id LIMIT ${MOST_FAULTS}`,
    );
    const faults = [
      ...broken.map(describeBroken),
      ...loose.map(
        ({ id }): AuditFault => ({ code: 'not_linked', message: `Entry ${id} was written past the chain.` }),
      ),
      ...(await compareWithWitness(tx, witness)),
    ];
    const head = await readAuditHead(tx);
    return { entries: Number(count?.n ?? 0), head, faults: faults.slice(0, MOST_FAULTS) };
  });
}

interface BrokenLink {
  position: string;
  id: string;
  before: string;
  missing: boolean;
}

function describeBroken({ position, id, before, missing }: BrokenLink): AuditFault {
  if (missing) return { code: 'removed', message: `Entry ${id} was removed.` };
  if (Number(position) !== Number(before) + 1) {
    return { code: 'links_removed', message: `The links between ${before} and ${position} were removed.` };
  }
  return { code: 'changed', message: `Entry ${id} was changed.` };
}

/** Whether the log still continues the head that was seen before. @returns one fault at most */
export async function compareWithWitness(tx: Queryable, witness: AuditHead | null): Promise<AuditFault[]> {
  if (witness === null) return [];
  const [link] = await tx.query<{ hash: string }>(
    `SELECT encode(hash, 'hex') AS hash FROM audit_chain WHERE position = $1`,
    [witness.position],
  );
  if (link === undefined) {
    return [{ code: 'cut_off', message: `The log went as far as link ${witness.position}; its end was cut off.` }];
  }
  if (link.hash === witness.hash) return [];
  return [{ code: 'rewritten', message: `Link ${witness.position} is not the one that was there before.` }];
}
