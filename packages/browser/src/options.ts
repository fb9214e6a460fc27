/** How the page is watched. */
export interface Options {
  /**
   * Where beacons go: the address of YumOps, e.g. `https://ops.example.com`, whose `/rum` they are sent to, or the whole address
   * or path of a relay of the own site, e.g. `/api/analytics/performance`. Without it nothing is watched.
   */
  endpoint: string;
  /** A public ingest key; left out where a relay adds it. */
  key?: string;
  /** The application's name: the service that everything is told by. */
  app?: string;
  release?: string;
  /** The environment, e.g. `production`. */
  env?: string;
  /** Share of sessions that are watched, 0 to 1, default 1. Decided once a session. */
  sessionSampleRate?: number;
  /** Share of the page views of watched sessions whose vitals and timings are sent, default 1. */
  sampleRate?: number;
  /** Share of errors that are sent, of every session, default 1. */
  errorSampleRate?: number;
  /** Share of watched page views whose vitals say what caused them; loads a chunk of its own. Default 0. */
  attributionRate?: number;
  /**
   * Whether the person agrees. While it is false nothing leaves the page and nothing is kept beyond it; `consent(true)` then
   * sends what happened until then. Left out where none is needed; then nothing is forwarded to other analytics.
   */
  consent?: boolean;
  /** Global Privacy Control is respected in any case. */
  privacy?: {
    /** Also keep quiet when the browser says Do Not Track. */
    doNotTrack?: boolean;
    /** Query parameters that may be kept in addresses; all others are dropped. */
    queryKeys?: readonly string[];
  };
  /** Which requests of the page are timed, default those to paths with `/api/` of the own site. */
  apiRequests?: (url: URL) => boolean;
  /** Errors whose message or address matches are not sent. */
  ignoreErrors?: readonly RegExp[];
  /** Passes vitals and timings to Google Analytics 4 (`gtag`) and Mixpanel where the page has them and consent is given. */
  forward?: boolean;
  /** Sends `traceparent` with timed requests to the own site, default true. */
  propagateTrace?: boolean;
}

/** A thing that happened, as beacons carry it. */
export interface Event {
  kind: 'vital' | 'page_load_timing' | 'api_response_time' | 'long_animation_frame' | 'custom' | 'event' | 'error';
  /** Milliseconds since the epoch. */
  at: number;
  url?: string;
  route?: string;
  userId?: string;
  [member: string]: unknown;
}

/** What the parts of the SDK share. */
export interface Watch {
  readonly options: Options;
  /** Where beacons go. */
  readonly target: string;
  readonly traceId: string;
  /** Whether requests are timed: not in a page view that is known not to be watched. */
  isTimed(): boolean;
  /** Queues an event, of the page that is shown unless it names another. Never throws. */
  add(event: Omit<Event, 'at' | 'route'>): void;
  /** Counts an event that is not sent because there were too many like it. */
  drop(): void;
  /** Registers what undoes a part. */
  onStop(undo: () => void): void;
}

/** The keys of queries that may be kept. */
export const keptKeys = ({ privacy }: Options): readonly string[] | undefined => privacy?.queryKeys;
