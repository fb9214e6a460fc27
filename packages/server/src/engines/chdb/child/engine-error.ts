/** An error of the engine with ClickHouse's number and name, such as 60 `UNKNOWN_TABLE`. */
export class EngineError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'EngineError';
    this.code = code;
  }

  /** Reads `Code: 60. DB::Exception: … (UNKNOWN_TABLE)`; other texts become code 1002 (unknown exception). */
  static from(thrown: unknown): EngineError {
    if (thrown instanceof EngineError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const code = /^Code: (\d+)\./.exec(message)?.[1];
    return code === undefined
      ? new EngineError(1002, `Code: 1002. DB::Exception: ${message} (UNKNOWN_EXCEPTION)`)
      : new EngineError(Number(code), message);
  }
}

/** An error in the engine's own words, for what the front refuses before the engine sees it. */
export function engineError(code: number, name: string, message: string): EngineError {
  return new EngineError(code, `Code: ${code}. DB::Exception: ${message}. (${name})`);
}
