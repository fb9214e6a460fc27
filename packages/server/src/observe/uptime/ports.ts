import type { CheckFile } from '@yumops/protocol';

/** Where and as whom to log in to a Postgres server. */
export interface PostgresLogin {
  /** An address that was vetted; names are not looked up again. */
  address: string;
  /** The name that a certificate must bear. */
  host: string;
  port: number;
  user: string;
  password: string | null;
  database: string;
  /** `require` = encrypted, whoever answers; `verify` = and the certificate must be trusted. */
  tls: 'off' | 'require' | 'verify';
  /** Certificates in PEM that are trusted beside the public roots. */
  ca: readonly string[];
}

/** A connection to a monitored Postgres server. */
export interface PostgresSession {
  /**
   * Runs a query in a transaction that may not write.
   * @param limitMs after which the server gives it up by itself, whatever became of the connection
   * @returns the first value of the first row, undefined when there is no row
   * @throws {YumOpsError} `query_failed` with a sentence
   */
  firstValue(query: string, limitMs: number): Promise<unknown>;
  close(): void;
}

/** The port to monitored Postgres servers. Implemented in `store/probes`. */
export interface PostgresProbe {
  /**
   * @param signal at whose end everything is broken off with its reason
   * @throws {YumOpsError} `connect_failed` or `login_refused` with a sentence
   */
  open(login: PostgresLogin, signal: AbortSignal): Promise<PostgresSession>;
}

/** A browser journey to make. */
export interface JourneyRequest {
  monitorId: string;
  /** Text of a module whose default export takes `{page}` of Playwright. */
  script: string;
  timeoutMs: number;
  allowPrivate: boolean | readonly string[];
}

/** How a journey went. */
export type JourneyOutcome =
  | { kind: 'done' }
  | {
      kind: 'failed';
      /** What the script threw, one line. */
      message: string;
      /** Where the page was. */
      url: string;
      /** The picture of the page and the recording that were kept. */
      files: readonly CheckFile[];
      /** Why something was not kept, as sentences. */
      lost: readonly string[];
    }
  | { kind: 'impossible'; message: string; hint: string };

/** The port to a browser. Implemented in `journeys`. */
export interface JourneyRunner {
  /** @param signal at whose end the browser is ended, and the promise rejects with its reason */
  run(request: JourneyRequest, signal: AbortSignal): Promise<JourneyOutcome>;
}
