import { cleanUrl, randomHex, remember } from './identity.ts';
import { type Event, keptKeys, type Options } from './options.ts';

const WAITING = 'yumops.waiting';
/** Browsers let 64 KiB of beacons be on their way; what waits for the next page is held to the same. */
const MOST_BYTES = 60_000;
const MOST_EVENTS = 50;
const FLUSH_MS = 10_000;
/** Events of one page view; a page in a loop must not load the network. */
const MOST_PER_VIEW = 1_000;

/** Gathers events and sends them so that they arrive also when the page closes at this moment. */
export class Beacon {
  readonly #options: Options;
  readonly #target: () => string;
  readonly #session: () => string;
  #events: Event[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #count = 0;
  /** Events that were not sent because there were too many; the next beacon tells. */
  dropped = 0;

  /**
   * @param target tells where beacons go, asked when something is sent
   * @param session tells the session's id, asked when something is sent
   */
  constructor(options: Options, target: () => string, session: () => string) {
    this.#options = options;
    this.#target = target;
    this.#session = session;
  }

  /** Sends what an earlier page of the tab could not. */
  resend(): void {
    const bodies = waiting();
    if (bodies.length === 0) return;
    remember(WAITING, null);
    for (const body of bodies) this.#post(body);
  }

  add(event: Event): void {
    this.#count += 1;
    if (this.#count > MOST_PER_VIEW) {
      this.dropped += 1;
      return;
    }
    this.#events.push(event);
    if (this.#events.length >= MOST_EVENTS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Sends what is there. */
  flush(): void {
    const events = this.#take();
    if (events.length > 0) this.#send(events);
  }

  /** Forgets what is there, and what waits for the next page. */
  forget(): void {
    this.#take();
    remember(WAITING, null);
  }

  #take(): Event[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#events.splice(0);
  }

  #send(events: Event[]): void {
    const { key, app: service, env: environment, release } = this.#options;
    const { dropped } = this;
    const body = JSON.stringify({
      ...{ id: randomHex(8), key, sentAt: Date.now(), service, environment, release },
      ...{ sessionId: this.#session(), url: cleanUrl(location.href, keptKeys(this.#options)) },
      ...{ ...(dropped > 0 && { dropped }), events },
    });
    if (bytesOf(body) <= MOST_BYTES) {
      this.dropped = 0;
      this.#post(body);
    } else if (events.length > 1) {
      const half = events.length >> 1;
      this.#send(events.slice(0, half));
      this.#send(events.slice(half));
    } else this.dropped += 1;
  }

  /** Plain text needs no preflight, which a page that closes cannot wait for. */
  #post(body: string): void {
    try {
      // A browser takes a beacon also while it is offline, and loses it.
      if (navigator.onLine && navigator.sendBeacon?.(this.#target(), new Blob([body], { type: 'text/plain' }))) return;
    } catch {
      // a policy of the page may forbid it; fetch says so in its answer
    }
    // The page may be gone before the answer is there, and a browser refuses more than 64 KiB that outlive their page.
    this.#keep([...waiting(), body]);
    fetch(this.#target(), {
      ...{ method: 'POST', body, keepalive: document.visibilityState === 'hidden', credentials: 'omit' },
      headers: { 'content-type': 'text/plain' },
    })
      .then(({ status }) => {
        if (status < 500 && status !== 429) this.#keep(waiting().filter((one) => one !== body));
      })
      .catch(() => undefined);
  }

  /** Keeps beacons for the next page of the tab, the newest that there is room for. */
  #keep(bodies: string[]): void {
    let text = JSON.stringify(bodies);
    while (text.length > MOST_BYTES && bodies.length > 1) {
      const [lost, next] = bodies.splice(0, 2).map((body) => JSON.parse(body));
      // The next one tells of it: this page may be gone.
      next.dropped = (next.dropped ?? 0) + (lost.dropped ?? 0) + lost.events.length;
      bodies.unshift(JSON.stringify(next));
      text = JSON.stringify(bodies);
    }
    remember(WAITING, bodies.length > 0 ? text : null);
  }
}

const bytesOf = (text: string) => new Blob([text]).size;

/** Beacons that the network refused. */
function waiting(): string[] {
  try {
    return JSON.parse(remember(WAITING) ?? '[]') as string[];
  } catch {
    return [];
  }
}
