import type { Db, Queryable } from '../../lib/db.ts';
import type { Audit } from '../alerting/index.ts';
import type { IncidentsConfig } from './config.ts';
import type { Incident } from './incident.ts';
import type { Fact } from './store.ts';

/** Who makes a change, and when: ms since the epoch. */
export interface Change {
  actor: string;
  now: number;
}

/** What the verbs of incidents need. */
export interface IncidentDeps {
  db: Db;
  audit: Audit;
  config(): IncidentsConfig;
  /** Id of the runbook for an alert: the one it names, else the one that goes with its name; null = none. */
  runbookOf(alert: { rule: string; runbook: string | null }): string | null;
  /** Base of links, without a slash at the end. */
  publicUrl: string;
  /** Called after every change. */
  changed(): void;
}

/** What facts are looked for: those of these alerts, and whatever else happened in the span (ms since the epoch). */
export interface FactQuery {
  incident: Incident;
  alertIds: readonly string[];
  from: number;
  to: number;
}

/** Reads facts that another domain keeps; each has a `source` that names it. */
export type FactSource = (db: Queryable, query: FactQuery) => Promise<Fact[]>;

/** A stretch of time, ms since the epoch. */
export interface EvidenceSpan {
  from: number;
  to: number;
}

/** Reads what telemetry says about a span, for people who look at it when telemetry is long gone. */
export interface EvidenceSource {
  kind: string;
  title: string;
  /** What is read for this incident; null = nothing yet. */
  spanOf(incident: Incident): EvidenceSpan | null;
  /** So often it is read again before its span has passed, ms; null = only then. */
  againMs: number | null;
  /** The query for people. */
  query(span: EvidenceSpan, incident: Incident): string;
  /** @returns at most `limit` rows, and how many there are */
  read(
    span: EvidenceSpan,
    limit: number,
    incident: Incident,
  ): Promise<{ rows: Record<string, unknown>[]; total: number }>;
}
