import { Beacon } from './beacon.ts';
import { watchErrors } from './errors.ts';
import { forward } from './forward.ts';
import { cleanUrl, randomHex, refused, session } from './identity.ts';
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
  readonly #sampled: boolean;
  readonly #beacon: Beacon;
  readonly #watch: Watch;
  readonly #undo: (() => void)[] = [];
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
    this.#options = options;
    const { id, sampled } = session(options.sampleRate ?? 1);
    this.#sampled = sampled;
    this.#beacon = new Beacon(options, id);
    this.#watch = {
      options,
      traceId: randomHex(16),
      add: (event) => this.#add(event),
      onStop: (undo) => this.#undo.push(undo),
    };
    this.#flushWhenHidden();
  }

  /** LCP, CLS, INP, FCP, TTFB. */
  collectWebVitals(): void {
    if (this.#sampled) watchVitals(this.#watch);
  }

  /** Page load and API response times. */
  collectCustomMetrics(): void {
    if (!this.#sampled) return;
    watchPageLoad(this.#watch);
    watchRequests(this.#watch);
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
    if (this.#sampled) this.#watch.add({ kind: 'custom', name, duration });
  }

  /** Sends what is waiting, at once. */
  flush(): void {
    this.#beacon.flush();
  }

  /** Puts the page back as it was and sends what is waiting. */
  stop(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#beacon.flush();
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
      this.#beacon.add(event);
      if (this.#options.forward === true && !refused(this.#options)) forward(event);
    } catch {
      // a page must never break because it is watched
    }
  }

  /**
   * The last moment at which a page can be sure to send something; `unload` is not reliable and spoils the back button.
   * Listeners that do not capture come after those of web-vitals, which add their last values at the same moment.
   */
  #flushWhenHidden(): void {
    const flush = () => {
      this.#beacon.flush();
      queueMicrotask(() => this.#beacon.flush());
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
