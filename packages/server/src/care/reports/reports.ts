import type { ReportDetail, ReportItem, ReportKind } from '@yumops/protocol';
import type { Db, Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { uuidv7 } from '../../lib/random.ts';
import { queueNotice } from '../../respond/alerting/index.ts';
import type { ReportsConfig } from './config.ts';
import { makeReport, type ReportContent } from './make-report.ts';
import { calendarPeriod, rollingPeriod } from './period.ts';
import type { SectionSource } from './section.ts';
import { addDelivery, insertReport, listReports, readReport, reportOfSlot } from './store.ts';

export interface ReportsDeps {
  db: Db;
  /** What reports are made of, in their order. */
  sections(): readonly SectionSource[];
  config(): ReportsConfig;
  service(): string;
  /** Base of links, without a slash at the end. */
  publicUrl: string;
  audit(
    tx: Queryable,
    entry: { at: number; actor: string; action: string; target: string; detail?: Record<string, unknown> },
  ): Promise<void>;
}

/** Which report to make. */
export interface ReportRequest {
  kind: ReportKind;
  /** The scheduled time that it is made for, ms since the epoch: the calendar's period before it. Null = up to now. */
  slot: number | null;
  /** Where the period ends, ms since the epoch, when it was asked for by hand; left out = now. */
  to?: number | undefined;
  /** Whether its receivers get it. */
  send: boolean;
}

/** Told how far a report is. */
export type ReportProgress = (done: number, total: number, what: string) => void;

/** Reports: made, stored and found again. */
export interface Reports {
  /** Newest first. */
  list(page: {
    kind?: ReportKind | undefined;
    limit: number;
    cursor?: string | undefined;
  }): Promise<{ items: ReportItem[]; nextCursor: string | null }>;
  /** @throws YumOpsError `unknown_report` (404) */
  read(id: string): Promise<ReportDetail>;
  /**
   * Makes a report and stores it with its receivers. For a slot there is one report, however often it is asked for.
   * @returns its id
   */
  make(request: ReportRequest, by: { actor: string; now: number }, progress?: ReportProgress): Promise<string>;
}

export function createReports(deps: ReportsDeps): Reports {
  const { db } = deps;
  return {
    async list({ kind, limit, cursor }) {
      const rows = await listReports(db, { kind, limit: limit + 1, before: cursor });
      const items = rows.slice(0, limit);
      return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
    async read(id) {
      const report = await readReport(db, id);
      if (report) return report;
      throw new YumOpsError('unknown_report', `There is no report ${id}.`, {
        hint: 'See the page Reports, or `yumops report list`.',
        status: 404,
      });
    },
    make: (request, by, progress) => make(deps, request, by, progress),
  };
}

async function make(
  deps: ReportsDeps,
  { kind, slot, to, send }: ReportRequest,
  { actor, now }: { actor: string; now: number },
  progress?: ReportProgress,
): Promise<string> {
  const { db, audit, publicUrl } = deps;
  const known = slot === null ? undefined : await reportOfSlot(db, kind, slot);
  if (known !== undefined) return known;
  const { timeZone, plans } = deps.config();
  const period = slot === null ? rollingPeriod(kind, to ?? now, timeZone) : calendarPeriod(kind, slot, timeZone);
  const content = await makeReport(deps.sections(), period, { service: deps.service(), publicUrl }, progress);
  const id = uuidv7(now);
  await db.transaction(async (tx) => {
    await insertReport(tx, { id, slot, madeAt: now, madeBy: actor, content });
    if (send) await address(tx, deps, id, content, plans.find((plan) => plan.kind === kind)?.recipients ?? [], now);
    await audit(tx, { at: now, actor, action: 'report.make', target: id, detail: { kind, send } });
  });
  return id;
}

/** E-mail waits in the report's own list, since it carries the whole of it; other channels get a notice with a link. */
async function address(
  tx: Queryable,
  { publicUrl }: ReportsDeps,
  id: string,
  content: ReportContent,
  recipients: ReportsConfig['plans'][number]['recipients'],
  now: number,
): Promise<void> {
  for (const { channel, target, broken } of recipients) {
    const mail = channel === 'email';
    const state = broken !== null ? 'failed' : mail ? 'waiting' : 'sent';
    const reason = broken ?? (mail ? null : 'handed to the deliveries of alerts');
    await addDelivery(tx, id, { channel, target, state, reason });
  }
  const others = recipients.filter(({ channel, broken }) => channel !== 'email' && broken === null);
  await queueNotice(
    tx,
    {
      ...{ key: `report:${id}`, topic: `report ${id}`, targets: others, severity: 'info', ended: false },
      title: content.title,
      lines: [content.sentence, ...content.todo.map(({ rank, title, reason }) => `${rank}. ${title}: ${reason}`)],
      url: `${publicUrl}/reports/${id}`,
      reason: 'you get reports of this kind',
    },
    now,
  );
}
