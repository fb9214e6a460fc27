/** How the page is watched. */
export interface Options {
  /** Where YumOps is, e.g. `https://ops.example.com`; a path of the own site for a relay. */
  url: string;
  /** A public ingest key; left out where a relay adds it. */
  key?: string;
  /** Path that beacons go to, default `/rum`. */
  path?: string;
  service?: string;
  environment?: string;
  release?: string;
  /** Share of page views that are watched, 0 to 1, default 1. Decided once a session. */
  sampleRate?: number;
  /** Share of watched page views whose vitals say what caused them; loads a chunk of its own. Default 0. */
  attributionRate?: number;
  /** Asked before anything is sent; while it is false nothing is, and nothing is kept beyond the page. */
  consent?: () => boolean;
  /** Also keep quiet when the browser says Do Not Track. Global Privacy Control is always respected. */
  respectDoNotTrack?: boolean;
  /** The route template of the page that is shown, e.g. `/restaurants/:id`; default: the path with ids replaced by the server. */
  route?: () => string;
  /** Which requests of the page are timed, default those to paths with `/api/` of the own site. */
  apiRequests?: (url: URL) => boolean;
  /** Query parameters that may be kept in addresses; all others are dropped. */
  keepQuery?: readonly string[];
  /** Errors whose message or address matches are not sent. */
  ignoreErrors?: readonly RegExp[];
  /** Passes vitals and timings to Google Analytics 4 (`gtag`) and Mixpanel where the page has them and consent is given. */
  forward?: boolean;
  /** Sends `traceparent` with timed requests to the own site, default true. */
  propagateTrace?: boolean;
}

/** A thing that happened, as beacons carry it. */
export interface Event {
  kind: 'vital' | 'page_load_timing' | 'api_response_time' | 'custom' | 'error';
  /** Milliseconds since the epoch. */
  at: number;
  url?: string;
  route?: string;
  [member: string]: unknown;
}

/** What the parts of the SDK share. */
export interface Watch {
  readonly options: Options;
  readonly traceId: string;
  /** Whether requests are timed: not in a session that is known not to be watched. */
  isTimed(): boolean;
  /** Queues an event. Never throws. */
  add(event: Omit<Event, 'at' | 'url' | 'route'>): void;
  /** Registers what undoes a part. */
  onStop(undo: () => void): void;
}
