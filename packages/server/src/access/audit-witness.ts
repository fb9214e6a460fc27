import { readFile } from 'node:fs/promises';
import type { AuditHead } from '@yumops/protocol';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { codeOf, messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { Loop } from '../lib/loop.ts';
import { compareWithWitness, readAuditHead } from './audit-chain.ts';

const MINUTE = 60_000;

/** Keeps the head of the audit log outside of the database, so that a log which was cut off or rewritten shows. */
export interface AuditWitness {
  start(): void;
  stop(): Promise<void>;
  /** What was last seen; null when nothing was. */
  read(): Promise<AuditHead | null>;
}

/**
 * Looks once a minute. A log that no longer continues the one seen before is reported and not believed: the file keeps
 * the old head.
 * @param path the file, in the data folder
 */
export function createAuditWitness(deps: { path: string; db: Db; clock: Clock; log: Log }): AuditWitness {
  const { path, db, clock, log } = deps;
  const read = () => readWitness(path);
  const loop = new Loop(
    clock,
    async () => {
      const known = await read();
      const head = await readAuditHead(db);
      const [fault] = await compareWithWitness(db, known);
      if (fault) log.error('the audit log was tampered with', { code: fault.code, fault: fault.message });
      else if (head && head.position !== known?.position) await writeFileAtomic(path, JSON.stringify(head));
      return MINUTE;
    },
    (error) => {
      log.warn('the audit log could not be looked at', { error: messageOf(error) });
      return MINUTE;
    },
  );
  return { start: () => loop.start(), stop: () => loop.stop(), read };
}

async function readWitness(path: string): Promise<AuditHead | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as AuditHead;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
