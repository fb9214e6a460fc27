import { Beacon } from './beacon.ts';
import { watchErrors } from './errors.ts';
import { forward } from './forward.ts';
import { cleanUrl, randomHex, refused, type Session, session } from './identity.ts';
import { Later, soon, whenIdle } from './later.ts';
import type { Event, Options, Watch } from './options.ts';
import { watchPageLoad } from './page-load.ts';
import { watchRequests } from './requests.ts';
import { watchVitals } from './vitals.ts';

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
  /** What happened before the session was known. */
  readonly #early: Event[] = [];
  #known: Session | undefined;
  #capture: ((error: unknown, handled: boolean, mechanism?: string) => void) | undefined;

  /** The one monitor of the page; the first call needs the options. */
  static getInstance(options?: Options): PerformanceMonitor {
    if (!PerformanceMonitor.#instance) {
      if (!options) throw new Error('PerformanceMonitor.getInstance needs the options at its first call.');
      PerformanceMonitor.#instance = new PerformanceMonitor(options);
    }
    return PerformanceMonitor.#instance;
  }

  constructor(options: Options) {
    let traceId: string | undefined;
    this.#options = options;
    this.#beacon = new Beacon(options, () => this.#session.id);
    this.#watch = {
      options,
      get traceId() {
        traceId ??= randomHex(16);
        return traceId;
      },
      isTimed: () => this.#known?.sampled !== false,
      add: (event) => this.#add(event),
      onStop: (undo) => this.#undo.push(undo),
    };
    this.#flushWhenHidden();
    this.#whenIdle.add(() => this.#settle());
    this.#whenIdle.add(() => this.#beacon.resend());
  }

  get #session(): Session {
    this.#known ??= session(this.#options);
    return this.#known;
  }

  /** LCP, CLS, INP, FCP, TTFB. */
  collectWebVitals(): void {
    // They are measured from the beginning of the page in any case; a page that is closed before it is idle has some, too.
    this.#soon.add(() => watchVitals(this.#watch));
  }

  /** Page load and API response times. */
  collectCustomMetrics(): void {
    watchRequests(this.#watch);
    this.#soon.add(() => watchPageLoad(this.#watch));
  }

  /** Errors that nobody caught. They are sent of every session, sampled or not. */
  collectErrors(): void {
    this.#capture ??= watchErrors(this.#watch);
  }

  /** Reports an error that was handled, such as one that an error boundary caught. */
  captureError(error: unknown, mechanism = 'manual'): void {
    this.collectErrors();
    this.#capture?.(error, true, mechanism);
  }

  /** Reports how long something took, in milliseconds. */
  trackTiming(name: string, duration: number): void {
    this.#watch.add({ kind: 'custom', name, duration });
  }

  /** Sends what is waiting, at once. */
  flush(): void {
    if (this.#early.length > 0) this.#settle();
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

  #add(given: Omit<Event, 'at' | 'url' | 'route'>): void {
    try {
      const { route, keepQuery } = this.#options;
      const named = route?.();
      const event = {
        ...given,
        at: Date.now(),
        url: cleanUrl(location.href, keepQuery),
        ...(named !== undefined && { route: named }),
      } as Event;
      if (this.#known) this.#accept(event, this.#known);
      else this.#early.push(event);
    } catch {
      // a page must never break because it is watched
    }
  }

  #accept(event: Event, { sampled }: Session): void {
    if (!sampled && event.kind !== 'error') return;
    this.#beacon.add(event);
    if (this.#options.forward === true && !refused(this.#options)) forward(event);
  }

  /** Decides whether the session is watched, and what becomes of what happened before that was known. */
  #settle(): void {
    const session = this.#session;
    for (const event of this.#early.splice(0)) this.#accept(event, session);
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
