import { cleanUrl, randomHex, refused, remember } from './identity.ts';
import type { Event, Options } from './options.ts';

const WAITING = 'yumops.waiting';
/** Browsers let 64 KiB of beacons be on their way. */
const MOST_BYTES = 60_000;
const MOST_EVENTS = 50;
const FLUSH_MS = 10_000;
/** Events of one page view; a page in a loop must not load the network. */
const MOST_PER_VIEW = 1_000;

/** Gathers events and sends them so that they arrive also when the page closes at this moment. */
export class Beacon {
  readonly #options: Options;
  readonly #session: () => string;
  #events: Event[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #count = 0;
  /** Events that were not sent: too many, or the network refused. */
  dropped = 0;

  /** @param session tells the session's id, asked when something is sent */
  constructor(options: Options, session: () => string) {
    this.#options = options;
    this.#session = session;
  }

  /** Sends what an earlier page of the tab could not. */
  resend(): void {
    const waiting = refused(this.#options) ? null : remember(WAITING);
    if (waiting !== null && waiting !== '') {
      remember(WAITING, null);
      this.#post(waiting);
    }
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
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#events;
    this.#events = [];
    if (events.length === 0 || refused(this.#options)) return;
    this.#send(events);
  }

  #send(events: Event[]): void {
    const { key, service, environment, release, keepQuery } = this.#options;
    const body = JSON.stringify({
      ...{ id: randomHex(8), key, sentAt: Date.now(), service, environment, release },
      ...{ sessionId: this.#session(), url: cleanUrl(location.href, keepQuery), events },
    });
    if (body.length <= MOST_BYTES) this.#post(body);
    else if (events.length > 1) {
      const half = events.length >> 1;
      this.#send(events.slice(0, half));
      this.#send(events.slice(half));
    } else this.dropped += 1;
  }

  /** Plain text needs no preflight, which a page that closes cannot wait for. */
  #post(body: string): void {
    const url = this.#options.url.replace(/\/$/, '') + (this.#options.path ?? '/rum');
    try {
      if (navigator.sendBeacon?.(url, new Blob([body], { type: 'text/plain' }))) return;
    } catch {
      // a policy of the page may forbid it; fetch says so in its answer
    }
    fetch(url, {
      method: 'POST',
      body,
      keepalive: true,
      credentials: 'omit',
      headers: { 'content-type': 'text/plain' },
    })
      .then((answer) => {
        if (answer.status >= 500) remember(WAITING, body);
      })
      .catch(() => remember(WAITING, body));
  }
}
