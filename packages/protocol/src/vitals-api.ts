export type VitalName = 'LCP' | 'INP' | 'CLS' | 'FCP' | 'TTFB';
export type VitalRating = 'good' | 'needs-improvement' | 'poor';

/** One vital of one group of page views. CLS has no unit, all others are milliseconds. */
export interface VitalFigures {
  name: VitalName;
  /** Three of four page views were at most so. */
  p75: number;
  rating: VitalRating;
  count: number;
  /** Shares of page views, 0 to 1. */
  good: number;
  needsImprovement: number;
  poor: number;
}

/** A group of page views: a route, a device, a country, a release, or all. */
export interface VitalGroup {
  /** Empty where the browser did not say. */
  key: string;
  /** Page views: those of the most counted vital. */
  views: number;
  vitals: VitalFigures[];
}

/** `GET /api/v1/vitals` */
export interface VitalsAnswer {
  /** All page views of the selection together. */
  total: VitalGroup;
  items: VitalGroup[];
  nextCursor: null;
}

/** A vital of one release. */
export interface VitalSample {
  p75: number;
  /** Ends of the 95 % interval of the percentile. */
  low: number;
  high: number;
  /** Page views. */
  count: number;
  rating: VitalRating;
}

export interface VitalComparison {
  name: VitalName;
  /** Null where the release has no page view with this vital. */
  before: VitalSample | null;
  after: VitalSample | null;
  /** p75 after less p75 before; null where one is missing. */
  difference: number | null;
  /** The difference as a part of what it was before. */
  share: number | null;
  /** `no-difference`: the intervals overlap. `too-few`: one of the two has fewer than 30 page views. */
  verdict: 'better' | 'worse' | 'no-difference' | 'too-few';
}

export interface ReleaseViews {
  release: string;
  /** First page view within the range. */
  firstSeenAt: string;
  views: number;
}

/** `GET /api/v1/vitals/compare?before=&after=`; by default the two releases that were first seen last. */
export interface VitalsComparison {
  /** Null when there are not two releases to compare. */
  before: string | null;
  after: string | null;
  /** Releases of the range, the newest first. */
  releases: ReleaseViews[];
  items: VitalComparison[];
}

/** An item of `GET /api/v1/vitals/causes`: what the slow ones had in common. */
export interface VitalCause {
  /** Selector of the element, or the phase that took longest. */
  cause: string;
  p75: number;
  count: number;
}

/** An item of `GET /api/v1/vitals/timings`: an API call as browsers saw it. */
export interface BrowserCall {
  method: string;
  name: string;
  count: number;
  p75: number;
  /** 0 to 1. */
  failed: number;
}

/** An item of `GET /api/v1/vitals/frames`: a script that kept frames of pages from being drawn. */
export interface LongFrame {
  /** Address of the script; empty where none ran. */
  script: string;
  /** Name of the function, as the script is written; empty where it has none. */
  function: string;
  count: number;
  sessions: number;
  /** Milliseconds. */
  p75: number;
}

/** `GET /api/v1/vitals/loads`: 75th percentiles of page loads. */
export interface PageLoads {
  count: number;
  /** Milliseconds; null where no page load tells. */
  phases: Record<
    'dnsLookup' | 'tcpConnection' | 'serverResponse' | 'domProcessing' | 'resourceLoading' | 'totalLoadTime',
    number | null
  >;
  /** Files of a load, their bytes over the network, and the share of files that came from the cache, 0 to 1. */
  resources: { files: number; bytes: number; cached: number } | null;
}
