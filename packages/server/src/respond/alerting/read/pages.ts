import type {
  Alert,
  AlertDetail,
  AlertTimelineEntry,
  NotificationItem,
  Page,
  Rule,
  RuleDetail,
} from '@yumops/protocol';
import type { Db } from '../../../lib/db.ts';
import { formatDuration } from '../../../lib/duration.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import { type Reach, reaches, reachesAll } from '../../../lib/reach.ts';
import type { AlertingConfig } from '../alerting-config.ts';
import type { RuleConfig } from '../config.ts';
import type { Episode } from '../episode.ts';
import { ruleSubject } from '../episodes.ts';
import { equivalentQuery } from '../evaluate/query.ts';
import type { Instance } from '../instance.ts';
import { type BucketSource, NOTHING_PLANNED, type Planned, type PlannedWork } from '../ports.ts';
import { matchable, silenceOf, silenceText } from '../silence/silence.ts';
import {
  episodeFromRow,
  instanceFromRow,
  messageFromRow,
  type Row,
  statusFromRow,
  timerFromRow,
} from '../state/rows.ts';
import { readSilencesInForce } from '../state/silence-rows.ts';
import { escalationOf, nextStep, toAlert, toNotification, toTimeline } from './items.ts';
import { detailOfRule } from './rule-detail.ts';
import { seriesOfAlert } from './series.ts';

const MESSAGE_COLUMNS = `m.*, (SELECT jsonb_agg(jsonb_build_object('id', l.alert_id, 'key', l.key) ORDER BY l.position)
  FROM alert_message_alerts l WHERE l.message_id = m.id) AS alerts`;

/**
 * Whether an alert is within reach, whose projects and rules are the parameters from `first` on: it bears the project as
 * a label, the key that it came with or its monitor belonged to one, or its rule belongs to one.
 */
function withinReach(first: number): string {
  return `($${first}::text[] IS NULL OR coalesce(subject->'labels'->>'project', subject->>'project') = ANY ($${first})
    OR (origin = 'rule' AND rule_id = ANY ($${first + 1}::text[])))`;
}

export interface ListOptions {
  /** 1 to 200. */
  limit: number;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
  /** Only what began to fire, or was written, in `[from, to)`; ms since the epoch. */
  from?: number | undefined;
  to?: number | undefined;
}

const dateOrNull = (ms: number | undefined) => (ms === undefined ? null : new Date(ms));

/** What pages and the API show of alerts, read from the state store, so that every instance can answer. */
export class AlertPages {
  readonly #db: Db;
  readonly #buckets: BucketSource;
  readonly #plannedWork: PlannedWork;
  readonly #now: () => number;
  #config: AlertingConfig;
  #reach: Reach = null;

  /**
   * @param now ms since the epoch
   * @param plannedWork left out = nothing is planned
   */
  constructor(
    db: Db,
    buckets: BucketSource,
    config: AlertingConfig,
    now: () => number,
    plannedWork: PlannedWork = async () => NOTHING_PLANNED,
  ) {
    this.#db = db;
    this.#buckets = buckets;
    this.#plannedWork = plannedWork;
    this.#config = config;
    this.#now = now;
  }

  use(config: AlertingConfig): void {
    this.#config = config;
  }

  /** The same for somebody who reaches some projects only: alerts, rules and monitors of others are unknown. */
  within(reach: Reach): AlertPages {
    if (reach === null) return this;
    const own = new AlertPages(this.#db, this.#buckets, this.#config, this.#now, this.#plannedWork);
    own.#reach = reach;
    return own;
  }

  /** @throws YumOpsError `alert_not_found` (404) where it is not within reach */
  async refuseUnknown(id: string): Promise<void> {
    await this.#read(id);
  }

  async #read(id: string): Promise<Episode> {
    const [row] = await this.#db.query(`SELECT * FROM alerts WHERE id = $1 AND ${withinReach(2)}`, [
      id,
      ...this.#reachValues(),
    ]);
    if (row) return episodeFromRow(row);
    throw new YumOpsError('alert_not_found', `There is no alert ${id}.`, { status: 404 });
  }

  #reachValues() {
    return [this.#reach, this.#rules().map(({ id }) => id)];
  }

  /** The rules within reach. */
  #rules(): readonly RuleConfig[] {
    return this.#config.rules.filter(({ projects }) => reachesAll(this.#reach, projects));
  }

  /** Newest first. Pending alerts have no episode yet; their id is the fingerprint of the instance. */
  async alerts(state: 'firing' | 'pending' | 'resolved' | undefined, options: ListOptions): Promise<Page<Alert>> {
    const ranged = options.from !== undefined || options.to !== undefined;
    const only = state === 'firing' || state === 'resolved' || options.cursor !== undefined || ranged;
    const pending = only && state !== 'pending' ? [] : await this.#pending();
    if (state === 'pending') return { items: pending, nextCursor: null };
    const [before, beforeId] = readCursor(options.cursor);
    const rows = await this.#db.query(
      `SELECT * FROM alerts
       WHERE origin <> 'watchdog' AND ($1::text IS NULL OR state = $1) AND ($2::timestamptz IS NULL OR (started_at, id) < ($2, $3))
         AND ($5::timestamptz IS NULL OR fired_at >= $5) AND ($6::timestamptz IS NULL OR fired_at < $6)
         AND ${withinReach(7)}
       ORDER BY started_at DESC, id DESC LIMIT $4`,
      [
        ...[state ?? null, before, beforeId, options.limit + 1, dateOrNull(options.from), dateOrNull(options.to)],
        ...this.#reachValues(),
      ],
    );
    const page = rows.slice(0, options.limit).map(episodeFromRow);
    const mutes = await this.#mutes();
    const last = page.at(-1);
    return {
      items: [...pending, ...page.map((episode) => toAlert(episode, mutes(episode)))],
      nextCursor: rows.length > options.limit && last ? `${last.startedAt}_${last.id}` : null,
    };
  }

  /**
   * @param now ms since the epoch, the end of the series
   * @throws YumOpsError `alert_not_found` (404)
   */
  async alert(id: string, now: number): Promise<AlertDetail> {
    const episode = await this.#read(id);
    const [timeline, notifications, timers] = await Promise.all([
      this.#timeline(id),
      this.#messagesOf(id),
      this.#db.query('SELECT * FROM alert_timers WHERE alert_id = $1', [id]),
    ]);
    const rule = this.#config.rules.find((one) => one.id === episode.ruleId);
    return {
      ...toAlert(episode, (await this.#mutes())(episode)),
      query: episode.query,
      timeline,
      notifications,
      next: nextStep(episode, timers.map(timerFromRow)),
      escalation: escalationOf(episode, timers.map(timerFromRow), notifications),
      series: rule ? await seriesOfAlert(this.#buckets, rule, episode, now) : [],
    };
  }

  /** Everything that fires, oldest first, and why nobody is told of it now, if so. */
  async firing(): Promise<{ episode: Episode; mutedBy: string | null }[]> {
    const rows = await this.#db.query(
      `SELECT * FROM alerts WHERE state = 'firing' AND origin <> 'watchdog' ORDER BY started_at, id`,
    );
    if (rows.length === 0) return [];
    const mutes = await this.#mutes();
    return rows.map(episodeFromRow).map((episode) => ({ episode, mutedBy: mutes(episode) }));
  }

  async rules(): Promise<Rule[]> {
    const rows = await this.#db.query('SELECT * FROM alert_rule_statuses');
    const statuses = new Map(rows.map(statusFromRow).map((status) => [status.ruleId, status]));
    return this.#rules().map((rule): Rule => {
      const status = statuses.get(rule.id);
      return {
        name: rule.name,
        severity: rule.severity,
        condition: rule.condition.text,
        sentence: rule.sentence,
        query: equivalentQuery(rule),
        window: formatDuration(rule.windowMs),
        state: status?.state ?? 'inactive',
        value: status?.value ?? null,
        sample: status?.sample ?? null,
        lastEvaluatedAt: status?.lastSlot == null ? null : new Date(status.lastSlot).toISOString(),
        reason: status?.reason ?? 'not evaluated yet',
      };
    });
  }

  /**
   * A rule with what it saw of late.
   * @param now ms since the epoch, the end of the series
   * @throws YumOpsError `rule_not_found` (404)
   */
  async rule(name: string, now: number): Promise<RuleDetail> {
    const rule = this.ruleNamed(name);
    const shown = (await this.rules()).find((one) => one.name === rule.name);
    if (!shown) throw new YumOpsError('rule_not_found', `There is no rule "${name}".`, { status: 404 });
    return { ...shown, ...(await detailOfRule(this.#buckets, rule, now)) };
  }

  /** @throws YumOpsError `rule_not_found` (404) */
  ruleNamed(name: string): RuleConfig {
    const rule = this.#rules().find((one) => one.name === name || one.id === name);
    if (rule) return rule;
    throw new YumOpsError('rule_not_found', `There is no rule "${name}".`, { status: 404 });
  }

  /** Planned work as it is known at `now`, ms since the epoch. */
  planned(now: number): Promise<Planned> {
    return this.#plannedWork(now);
  }

  /** The delivery log, newest first. */
  async notifications(options: ListOptions): Promise<Page<NotificationItem>> {
    const rows = await this.#db.query<Row & { seq: number }>(
      `SELECT ${MESSAGE_COLUMNS} FROM alert_messages m
       WHERE channel <> 'watchdog' AND ($1::bigint IS NULL OR seq < $1)
         AND ($3::timestamptz IS NULL OR created_at >= $3) AND ($4::timestamptz IS NULL OR created_at < $4)
       ORDER BY seq DESC LIMIT $2`,
      [readNumber(options.cursor), options.limit + 1, dateOrNull(options.from), dateOrNull(options.to)],
    );
    const page = rows.slice(0, options.limit);
    const last = page.at(-1);
    return {
      items: page.map(messageFromRow).map((message) => toNotification(message)),
      nextCursor: rows.length > options.limit && last ? String(last.seq) : null,
    };
  }

  /** Why an alert is muted now, in words. */
  async #mutes(): Promise<(alert: Episode) => string | null> {
    const now = this.#now();
    const [silences, planned] = await Promise.all([readSilencesInForce(this.#db, now), this.#plannedWork(now)]);
    return (alert) => {
      if (alert.state !== 'firing') return null;
      const silence = silenceOf(silences, alert, now);
      return silence ? silenceText(silence) : (planned.muteOf(matchable(alert), now)?.reason ?? null);
    };
  }

  async #pending(): Promise<Alert[]> {
    const rows = await this.#db.query(
      `SELECT * FROM alert_instances WHERE state = 'pending' ORDER BY since DESC LIMIT 200`,
    );
    return rows.map(instanceFromRow).flatMap((instance) => this.#pendingAlert(instance) ?? []);
  }

  #pendingAlert(instance: Instance): Alert | undefined {
    const rule = this.#config.rules.find((one) => one.id === instance.ruleId);
    if (!rule) return undefined;
    if (!reachesAll(this.#reach, rule.projects) && !reaches(this.#reach, instance.labels['project'])) return undefined;
    const subject = ruleSubject(rule, instance);
    return {
      id: instance.fingerprint,
      rule: subject.rule,
      severity: subject.severity,
      state: 'pending',
      labels: { ...subject.labels },
      summary: subject.summary,
      sentence: subject.sentence,
      value: subject.value,
      threshold: subject.threshold,
      unit: subject.unit,
      startedAt: new Date(instance.activeAt ?? instance.since).toISOString(),
      resolvedAt: null,
      acknowledgedBy: null,
      acknowledgedAt: null,
      mutedBy: null,
      flappingSince: null,
      runbook: subject.runbook,
    };
  }

  async #timeline(alertId: string): Promise<AlertTimelineEntry[]> {
    const rows = await this.#db.query('SELECT * FROM alert_timeline WHERE alert_id = $1 ORDER BY id', [alertId]);
    return rows.map(toTimeline);
  }

  async #messagesOf(alertId: string): Promise<NotificationItem[]> {
    const rows = await this.#db.query(
      `SELECT ${MESSAGE_COLUMNS} FROM alert_messages m
       WHERE m.id IN (SELECT message_id FROM alert_message_alerts WHERE alert_id = $1) ORDER BY m.seq`,
      [alertId],
    );
    return rows.map(messageFromRow).map((message) => toNotification(message, alertId));
  }
}

function readCursor(cursor: string | undefined): [Date | null, string | null] {
  if (cursor === undefined) return [null, null];
  const [at, id] = cursor.split('_');
  const time = readNumber(at);
  if (time === null || id === undefined) throw invalidCursor();
  return [new Date(time), id];
}

function readNumber(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,16}$/.test(text)) throw invalidCursor();
  return Number(text);
}

function invalidCursor(): YumOpsError {
  return new YumOpsError('invalid_cursor', 'This cursor was not given by this list.', {
    status: 400,
    hint: 'Use nextCursor of the page before, or none.',
  });
}
