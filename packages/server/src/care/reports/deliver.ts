import { createHash } from 'node:crypto';
import { backoff } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { random } from '../../lib/random.ts';
import type { DeliveryResult, Mail } from '../../respond/notify/index.ts';
import { reportHtml } from './render/html.ts';
import { reportText } from './render/written.ts';
import { noteAttempt, readReport, waitingFor } from './store.ts';

/** Attempts within one run of the job; a later run of it goes on. */
const ATTEMPTS = 5;
const BACKOFF = { base: 5_000, cap: 120_000 };
/** An address is given up after so long, ms. */
const TIMEOUT_MS = 30_000;

export interface DeliveryDeps {
  db: Db;
  clock: Clock;
  /** Sends one mail; undefined when no server is configured that works. */
  mail(): ((mail: Mail, signal: AbortSignal) => Promise<DeliveryResult>) | undefined;
}

/** What became of the mails of a report. */
export interface DeliveryReport {
  sent: number;
  failed: { target: string; reason: string }[];
}

/**
 * Mails a report to those who wait for it. What cannot be reached now is tried again for some minutes, then it has failed.
 * Begun again after a crash, it goes on with those who still wait; a mail that left twice has one Message-ID.
 */
export async function deliverReport(deps: DeliveryDeps, id: string, signal: AbortSignal): Promise<DeliveryReport> {
  const report = await readReport(deps.db, id);
  const targets = await waitingFor(deps.db, id);
  const outcome: DeliveryReport = { sent: 0, failed: [] };
  if (!report || targets.length === 0) return outcome;
  const content = { subject: report.title, text: reportText(report), html: reportHtml(report) };
  for (const target of targets) {
    const mail: Mail = {
      ...{ to: target, ...content, headers: { 'X-YumOps-Report': id } },
      id: createHash('sha256').update(`report ${id} ${target}`).digest('hex').slice(0, 32),
      date: Date.parse(report.madeAt),
    };
    const reason = await deliverTo(deps, id, mail, signal);
    if (reason === null) outcome.sent += 1;
    else outcome.failed.push({ target, reason });
  }
  return outcome;
}

/** @returns null when it was sent, else why not */
async function deliverTo(deps: DeliveryDeps, id: string, mail: Mail, signal: AbortSignal): Promise<string | null> {
  const { db, clock } = deps;
  for (let attempt = 1; ; attempt++) {
    const send = deps.mail();
    const result: DeliveryResult = send
      ? await send(mail, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]))
      : { outcome: 'refused', reason: 'no SMTP server is configured (integrations.smtp)' };
    signal.throwIfAborted();
    if (result.outcome === 'sent') {
      await noteAttempt(db, id, mail.to, { state: 'sent', at: clock.now(), reason: null });
      return null;
    }
    const { reason } = result;
    const over = result.outcome === 'refused' || attempt >= ATTEMPTS;
    await noteAttempt(db, id, mail.to, { state: over ? 'failed' : 'waiting', at: null, reason });
    if (over) return reason;
    await clock.sleep(backoff(attempt - 1, BACKOFF, random()), signal);
  }
}
