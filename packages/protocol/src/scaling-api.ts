/** When a resource reaches its limit. Days count from the report's time; null = beyond the horizon. */
export type CapacityOutlook =
  | {
      state: 'unknown';
      reason: 'no_data' | 'too_short' | 'too_few' | 'stale' | 'no_limit';
      message: string;
    }
  | { state: 'full' }
  | { state: 'none'; horizonDays: number }
  | { state: 'limit'; earliest: number; days: number | null; latest: number | null; horizonDays: number };

export type CapacityUnit = 'B' | '%' | '/s' | '';

/** Something that can run out. Times are ms since the epoch. */
export interface CapacityResource {
  /** `disk:NAME`, `database:NAME`, `connections:NAME`, …: the label `resource` of the metric days_to_limit. */
  id: string;
  title: string;
  unit: CapacityUnit;
  /** The newest value; null = not measured. */
  current: number | null;
  limit: number | null;
  /** Where the limit comes from, or why there is none. */
  limitFrom: string;
  outlook: CapacityOutlook;
  /** The outlook as one English sentence. */
  sentence: string;
  /** A day's growth with its interval of 95 %; null while nothing can be said. */
  growthPerDay: { value: number; low: number; high: number } | null;
  /** The history that the forecast was made of. */
  since: number | null;
  samples: number;
  /** The query that gives the history. */
  query: string;
  history: { at: number; value: number }[];
  /** By day: the mean, and the range that 9 of 10 values lie in. */
  band: { at: number; low: number; mean: number; high: number }[];
}

/** A number that was measured, with its origin. */
export interface CapacityFigure {
  id: string;
  group: 'traffic' | 'database' | 'connections' | 'disk' | 'telemetry' | 'backups';
  /** What it is of, such as a database or a signal; empty = the whole. */
  of: string;
  label: string;
  value: number;
  unit: CapacityUnit | 'rows/day' | 'B/row' | 'B/day' | 'rows';
  /** What the number rests on: so many rows, samples or answers. */
  samples: number;
  /** The statement that gave it. */
  query: string;
}

/** How a route is used. Milliseconds. */
export interface RouteCapacity {
  endpoint: string;
  requests: number;
  perSecond: number;
  p50: number;
  p99: number;
  slowest: number;
}

/** A setting that should be another one. */
export interface ScalingRecommendation {
  id: string;
  title: string;
  setting: string;
  current: string;
  recommended: string;
  reason: string;
  /** Ids of the figures and resources that it rests on. */
  basis: string[];
  /** A month's change in cost by the prices of the configuration; null = no price known. */
  cost: { perMonth: number; currency: string } | null;
  /** The arithmetic of the cost, or which price is not known. */
  costNote: string;
}

/** A finding about vercel.json. */
export interface VercelFinding {
  file: string;
  line: number;
  col: number;
  code: string;
  severity: 'error' | 'warning' | 'info';
  message: string;
  suggestion: string | null;
}

/** Answer of `GET /api/v1/scaling`. */
export interface ScalingReport {
  /** Ms since the epoch. */
  at: number;
  resources: CapacityResource[];
  figures: CapacityFigure[];
  routes: { items: RouteCapacity[]; query: string };
  /** The highest use of memory against its limit by service, percent. */
  memory: { items: { service: string; percent: number; samples: number }[]; query: string };
  recommendations: ScalingRecommendation[];
  /** Null = no vercel.json is named in the configuration. */
  vercel: { file: string; plan: string; findings: VercelFinding[] } | null;
  /** What could not be measured, and why. */
  problems: { source: string; message: string }[];
}
