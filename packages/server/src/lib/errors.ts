import { hintFor } from './error-hints.ts';

/** What a person or a script is told when something goes wrong: which rule, which thing, what to do next. */
export interface Problem {
  /** Stable machine-readable name in snake_case. */
  code: string;
  /** One sentence that names the thing. */
  message: string;
  /** The next step, as an instruction. */
  hint?: string;
}

export interface YumOpsErrorOptions {
  hint?: string;
  /** HTTP status when the error reaches an API; default 500. */
  status?: number;
  cause?: unknown;
  /** Seconds after which the caller may try again; becomes `Retry-After`. */
  retryAfter?: number;
}

/** The one error class of the product. Everything that is not one of these is a bug. */
export class YumOpsError extends Error implements Problem {
  readonly code: string;
  readonly hint?: string;
  readonly status: number;
  readonly retryAfter?: number;

  constructor(code: string, message: string, options: YumOpsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'YumOpsError';
    this.code = code;
    this.status = options.status ?? 500;
    if (options.hint !== undefined) this.hint = options.hint;
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter;
  }

  toProblem(): Problem {
    const { code, message } = this;
    const hint = this.hint ?? hintFor(code);
    return hint === undefined ? { code, message } : { code, message, hint };
  }
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  return typeof thrown === 'string' ? thrown : String(thrown);
}

/** The `code` of a system or driver error (`ECONNREFUSED`, `23505`, …), if it has one. */
export function codeOf(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
