export type ReportKind = 'daily' | 'weekly' | 'monthly' | 'quarterly';

/** How a number is told: `%` of 100, `ms`, `s`, `bytes`, `count`, `/s`, `score` (no unit); null for text. */
export type ReportUnit = '%' | 'ms' | 's' | 'bytes' | 'count' | '/s' | 'score';

/** A number with its source. Null is unknown, never zero. */
export interface ReportFigure {
  label: string;
  value: number | null;
  unit: ReportUnit;
  /** The same in the period that it is compared with; null where that is not known, left out where nothing compares. */
  before?: number | null;
  /** The page of the console that shows it, with filter and range. */
  href: string;
  /** What is to be known of it, such as why it is unknown. */
  note?: string;
}

export interface ReportTable {
  title: string;
  columns: { label: string; unit: ReportUnit | null }[];
  rows: { href: string; cells: (string | number | null)[] }[];
  /** Rows that are left out. */
  more: number;
}

/** One number a step of time, and the same steps of the period before. */
export interface ReportChart {
  title: string;
  unit: ReportUnit;
  href: string;
  /** ISO 8601. */
  from: string;
  stepMs: number;
  values: (number | null)[];
  before: (number | null)[] | null;
}

/** What is not as it was in the period before, beyond what chance explains. */
export interface ReportChange {
  direction: 'better' | 'worse' | 'other';
  text: string;
  /** Name of the rule that says so. */
  rule: string;
  /** What it was drawn from, as a phrase. */
  sample: string;
  href: string;
}

export interface ReportSection {
  key: string;
  title: string;
  /** `unknown`: nothing is stored of it, or it could not be read; the note says which. */
  state: 'known' | 'unknown';
  note: string | null;
  figures: ReportFigure[];
  tables: ReportTable[];
  charts: ReportChart[];
  changes: ReportChange[];
}

/** Something to do next. */
export interface ReportTodo {
  /** From 1. */
  rank: number;
  /** The kind of observation, such as `slower_route`. */
  code: string;
  /** What it is about, such as `GET /api/restaurants`. */
  subject: string;
  title: string;
  reason: string;
  evidence: string[];
  href: string;
  /** 0 to 100. */
  score: number;
}

/** An item of `GET /api/v1/reports`. Times are ISO 8601. */
export interface ReportItem {
  id: string;
  kind: ReportKind;
  title: string;
  from: string;
  to: string;
  timeZone: string;
  madeAt: string;
  madeBy: string;
  /** The outcome in a sentence. */
  sentence: string;
  todo: ReportTodo[];
  sent: ReportDelivery[];
}

/** To whom a report went. */
export interface ReportDelivery {
  channel: string;
  target: string;
  state: 'waiting' | 'sent' | 'failed';
  attempts: number;
  /** When it was sent; null while it was not. */
  at: string | null;
  reason: string | null;
}

/** `GET /api/v1/reports/:id` */
export interface ReportDetail extends ReportItem {
  service: string;
  /** Base of links, without a slash at the end. */
  publicUrl: string;
  comparedWith: { from: string; to: string };
  /** Observations that were ranked for `todo`. */
  considered: number;
  sections: ReportSection[];
}
