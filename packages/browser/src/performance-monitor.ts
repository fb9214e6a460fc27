import { Beacon } from './beacon.ts';
import { type Capture, watchErrors } from './errors.ts';
import { forward } from './forward.ts';
import { watchFrames } from './frames.ts';
import { chance, cleanUrl, forgetSession, randomHex, type Session, session } from './identity.ts';
import { Later, soon, whenIdle } from './later.ts';
import { type Event, keptKeys, type Options, type Watch } from './options.ts';
import { watchPageLoad } from './page-load.ts';
import { watchRequests } from './requests.ts';
import { watchVitals } from './vitals.ts';

/** What is held back while it is not known whether it may be sent. */
const MOST_HELD = 200;
/** Sent whether or not the page view is watched: what the page itself tells must not be counted in part. */
const ALWAYS: ReadonlySet<Event['kind']> = new Set(['error', 'event']);

/** Whether the page is loaded ahead of a visit, which may never come. */
const isAhead = () => (document as Document & { prerendering?: boolean }).prerendering === true;

/** The address that beacons go to: of YumOps itself, or of a relay that is named in full. */
function targetOf(endpoint: string): string {
  const url = new URL(endpoint, location.href);
  if (url.pathname === '/') url.pathname = '/rum';
  return url.href;
}

/**
 * Watches a page for its visitors: the five web vitals, how it loaded, how its API answers, and errors. It keeps no
 * cookie, sends nothing without consent, and never throws into the page.
 */
export class PerformanceMonitor {
  static #instance: PerformanceMonitor | undefined;
  readonly #options: Options;
  readonly #beacon: Beacon;
  readonly #watch: Watch;
  readonly #soon = new Later(soon);
  readonly #whenIdle = new Later(whenIdle);
  readonly #undo: (() => void)[] = [];
  /** What happened before the session was known and the person agreed. */
  readonly #held: Event[] = [];
  /** Route templates by the address that they were shown at: a vital is told when another may be shown. */
  readonly #routes = new Map<string, string>();
  readonly #viewSampled: boolean;
  #consent: boolean | undefined;
  #known: Session | undefined;
  #capture: Capture | undefined;
  #route: string | undefined;
  #userId: string | undefined;
  #traceId: string | undefined;
  #target: string | undefined;

  /** The one monitor of the page; the first call needs the options. */
  static getInstance(options?: Options): PerformanceMonitor {
    if (!PerformanceMonitor.#instance) {
      if (!options) throw new Error('PerformanceMonitor.getInstance needs the options at its first call.');
      PerformanceMonitor.#instance = new PerformanceMonitor(options);
    }
    return PerformanceMonitor.#instance;
  }

  /** The monitor of the page, where it is watched. */
  static get current(): PerformanceMonitor | undefined {
    return PerformanceMonitor.#instance;
  }

  constructor(options: Options) {
    const own = this;
    this.#options = options;
    this.#consent = options.consent;
    this.#viewSampled = chance(options.sampleRate);
    this.#beacon = new Beacon(
      options,
      () => this.#watch.target,
      () => this.#session.id,
    );
    this.#watch = {
      options,
      get target() {
        own.#target ??= targetOf(options.endpoint);
        return own.#target;
      },
      get traceId() {
        own.#traceId ??= randomHex(16);
        return own.#traceId;
      },
      isTimed: () => this.#viewSampled && this.#known?.sampled !== false,
      add: (event) => this.#add(event),
      drop: () => {
        this.#beacon.dropped += 1;
      },
      onStop: (undo) => this.#undo.push(undo),
    };
    this.#flushWhenHidden();
    this.#whenIdle.add(() => this.#settle());
    this.#whenIdle.add(() => {
      if (this.#mayTell) this.#beacon.resend();
    });
    if (isAhead()) document.addEventListener('prerenderingchange', () => this.#settle(), { once: true });
  }

  get #mayTell(): boolean {
    return this.#consent !== false && !isAhead();
  }

  get #session(): Session {
    this.#known ??= session(this.#options.sessionSampleRate);
    return this.#known;
  }

  /** LCP, CLS, INP, FCP, TTFB. */
  collectWebVitals(): void {
    // They are measured from the beginning of the page in any case; a page that is closed before it is idle has some, too.
    this.#soon.add(() => watchVitals(this.#watch, (part) => this.#soon.add(part)));
  }

  /** Page load, API response times, and frames that took long. */
  collectCustomMetrics(): void {
    watchRequests(this.#watch);
    this.#soon.add(() => watchPageLoad(this.#watch));
    this.#soon.add(() => watchFrames(this.#watch));
  }

  /** Errors that nobody caught. They are sent of every session, sampled or not. */
  collectErrors(): void {
    this.#capture ??= watchErrors(this.#watch);
  }

  /**
   * Says who the person is in what follows: a hash of the id of their account, or nothing once they sign out.
   * Something that is an e-mail address is not taken.
   */
  setUser(idHash: string | null | undefined): void {
    this.#userId = idHash && !idHash.includes('@') ? idHash : undefined;
  }

  /** Says the route template of what is shown now, e.g. `/restaurants/:id`, after the address has changed to it. */
  setView(route: string): void {
    // A trace is of one view.
    if (this.#route !== undefined && this.#route !== route) this.#traceId = undefined;
    this.#route = route;
    this.#routes.set(this.#clean(location.href), route);
  }

  /** Reports that something happened that matters to the business. The names of `data` are of your choice. */
  track(name: string, data: Record<string, unknown> = {}): void {
    this.#watch.add({ kind: 'event', name, data });
  }

  /** Reports an error that was handled, such as one that an error boundary caught. */
  captureException(error: unknown, { componentStack }: { componentStack?: string | undefined } = {}): void {
    this.collectErrors();
    const mechanism = componentStack === undefined ? 'manual' : 'react';
    this.#capture?.(error, { handled: true, mechanism, componentStack });
  }

  /** Begins to time something of your own. @returns what ends it and reports how long it took */
  time(name: string): () => void {
    const started = performance.now();
    let open = true;
    return () => {
      if (open) this.#watch.add({ kind: 'custom', name, duration: performance.now() - started });
      open = false;
    };
  }

  /** Whether the person agrees from now on. No forgets the session, and what was not sent yet. */
  consent(given: boolean): void {
    this.#consent = given;
    if (given) {
      this.#whenIdle.add(() => this.#settle());
      return;
    }
    this.#held.length = 0;
    this.#known = undefined;
    this.#beacon.forget();
    forgetSession();
  }

  /** Sends what is waiting, at once. */
  flush(): void {
    if (!this.#mayTell) return;
    if (this.#held.length > 0) this.#settle();
    this.#beacon.flush();
  }

  /** Puts the page back as it was and sends what is waiting. */
  stop(): void {
    this.#soon.clear();
    this.#whenIdle.clear();
    for (const undo of this.#undo.splice(0)) undo();
    this.flush();
    if (PerformanceMonitor.#instance === this) PerformanceMonitor.#instance = undefined;
  }

  #clean(url: string): string {
    return cleanUrl(url, keptKeys(this.#options));
  }

  #add(given: Omit<Event, 'at' | 'route'>): void {
    try {
      const { url: named } = given as { url?: string };
      const url = this.#clean(named ?? location.href);
      const event = {
        ...{ ...given, at: Date.now(), url, userId: this.#userId },
        route: named === undefined ? this.#route : this.#routes.get(url),
      } as Event;
      if (this.#known) this.#accept(event, this.#known);
      else if (this.#held.length < MOST_HELD) this.#held.push(event);
      else this.#watch.drop();
    } catch {
      // a page must never break because it is watched
    }
  }

  #accept(event: Event, { sampled }: Session): void {
    if (!(sampled && this.#viewSampled) && !ALWAYS.has(event.kind)) return;
    this.#beacon.add(event);
    if (this.#options.forward === true && this.#consent === true) forward(event);
  }

  /** Decides whether the session is watched, and what becomes of what happened before that was known. */
  #settle(): void {
    if (!this.#mayTell) return;
    const session = this.#session;
    for (const event of this.#held.splice(0)) this.#accept(event, session);
  }

  /**
   * The last moment at which a page can be sure to send something; `unload` is not reliable and spoils the back button.
   * Listeners that do not capture come after those of web-vitals, which add their last values at the same moment.
   */
  #flushWhenHidden(): void {
    const flush = () => {
      this.#soon.runAll();
      this.#whenIdle.runAll();
      this.flush();
      queueMicrotask(() => this.flush());
    };
    const onHidden = () => {
      if (document.visibilityState === 'hidden') flush();
    };
    addEventListener('visibilitychange', onHidden);
    addEventListener('pagehide', flush);
    this.#undo.push(() => {
      removeEventListener('visibilitychange', onHidden);
      removeEventListener('pagehide', flush);
    });
  }
}
