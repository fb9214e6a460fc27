/** Something the visitor can act on. Anything else that is thrown is a fault of ours and answers 500. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;

  /**
   * @param status HTTP status
   * @param code stable name, snake_case
   * @param message one sentence for the visitor
   */
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
