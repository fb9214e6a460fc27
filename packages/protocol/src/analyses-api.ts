/** Even steps of time from which the figures of an analysis are read. */
export interface AnalysisSteps {
  from: string;
  /** Milliseconds. */
  stepMs: number;
  /** How many. */
  steps: number;
}

/** `GET /api/v1/analyses/error-rate`: log lines and errors among them, one figure a step. */
export interface ErrorRateAnalysis extends AnalysisSteps {
  lines: number[];
  errors: number[];
}

/** A route in `GET /api/v1/analyses/endpoints`. Durations in milliseconds. */
export interface EndpointFigures {
  endpoint: string;
  count: number;
  avg: number;
  /** 95 of 100 were at most so, to within 2 %. */
  p95: number;
  max: number;
  /** p95 of each step, null where nothing was timed; told of the first twelve alone. */
  series: (number | null)[] | null;
}

/** `GET /api/v1/analyses/endpoints`, the slowest on average first. */
export interface EndpointAnalysis extends AnalysisSteps {
  items: EndpointFigures[];
}

/** A kind of security event in `GET /api/v1/analyses/security`. */
export interface SecurityFigures {
  event: string;
  severity: string;
  count: number;
  /** Different addresses, estimated to within a few percent. */
  addresses: number;
  series: number[];
}

/** `GET /api/v1/analyses/security`, the most frequent first. */
export interface SecurityAnalysis extends AnalysisSteps {
  items: SecurityFigures[];
}

/** `GET /api/v1/analyses/business`: events of type `business`, the most frequent first. */
export interface BusinessAnalysis extends AnalysisSteps {
  items: { event: string; count: number; series: number[] }[];
}

/** A step of a funnel. */
export interface FunnelStep {
  event: string;
  /** Events in the range, whoever caused them. */
  events: number;
  /** People who did this step after all steps before it, within the time allowed. */
  people: number;
  /** The same by the time of their first step. */
  series: number[];
}

/** `GET /api/v1/analyses/funnel?events=a,b,c&within=24h` */
export interface FunnelAnalysis extends AnalysisSteps {
  /** Milliseconds from the first step to the last. */
  withinMs: number;
  items: FunnelStep[];
  /** Events of these names that name nobody (`userId`), and so are in no funnel. */
  anonymous: number;
}
