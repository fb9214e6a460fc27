/** Something the visitor can act on. Anything else that is thrown is a fault of ours and answers 500. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  /** When it may work, milliseconds from now. */
  readonly retryAfterMs: number | undefined;

  /**
   * @param status HTTP status
   * @param code stable name, snake_case
   * @param message one sentence for the visitor
   * @param retryAfterMs when it may work
   */
  constructor(status: number, code: string, message: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
