import type { SecurityDetection, SecurityEventItem } from '@yumops/protocol';

export interface LiveExample {
  /** Where the platform serves. */
  platform: string;
  /** Where YumZoom serves. */
  site: string;
  /** Calls the platform's API as an admin. @throws Error when it answers with other than 2xx */
  call<Answer>(method: string, path: string, body?: object): Promise<Answer>;
  /** @param query further parameters */
  detections(query?: string): Promise<SecurityDetection[]>;
  /** Waits for a detection. @param what named when it does not come */
  detected(what: string, matches: (detection: SecurityDetection) => boolean): Promise<SecurityDetection>;
  /**
   * A sign-in at YumZoom as it comes through a proxy, which adds the address that it sees.
   * @param guest number of a guest of the example, or an e-mail address
   * @param claimed what the client wrote into `x-forwarded-for` itself
   */
  signIn(address: string, guest: string | number, password: string, claimed?: string): Promise<Response>;
  /** Opens an account at YumZoom. */
  join(address: string, email: string, password: string): Promise<void>;
  /** Opens a page of YumZoom. */
  open(path: string, address: string): Promise<Response>;
  /** Sends records to the platform with the example's key. */
  send(records: readonly Record<string, unknown>[]): Promise<void>;
  /** Sign-ins that failed, oldest first, without those that were refused unseen. @param about e.g. `&ip=203.0.113.9` */
  failures(about?: string): Promise<SecurityEventItem[]>;
  stop(): Promise<void>;
}

export function startLiveExample(folder: string): Promise<LiveExample>;

export function eventually<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value>;
