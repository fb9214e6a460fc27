import type { ProblemBody } from '@yumops/protocol';

/** A request that did not succeed. `status` 0: the server was not reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly requestId: string | null;

  constructor(init: {
    status: number;
    code: string;
    message: string;
    hint?: string | undefined;
    requestId?: string | null;
  }) {
    super(init.message);
    this.name = 'ApiError';
    this.status = init.status;
    this.code = init.code;
    this.hint = init.hint;
    this.requestId = init.requestId ?? null;
  }
}

function isProblem(body: unknown): body is ProblemBody {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error;
}

/** A text of a body that is no problem of ours, such as those of the sign-in routes. */
function textOf(body: unknown, name: 'code' | 'message'): string | null {
  if (typeof body !== 'object' || body === null) return null;
  const value: unknown = Reflect.get(body, name);
  return typeof value === 'string' ? value : null;
}

/** Makes the error of a refused request, whatever its body holds. */
export async function errorFrom(response: Response): Promise<ApiError> {
  const requestId = response.headers.get('x-request-id');
  const body: unknown = await response.json().catch(() => null);
  if (isProblem(body)) return new ApiError({ status: response.status, requestId, ...body.error });
  const code = textOf(body, 'code')?.toLowerCase() ?? `http_${response.status}`;
  const message = textOf(body, 'message') ?? `The server answered ${response.status} ${response.statusText}`.trim();
  return new ApiError({ status: response.status, code, message, requestId });
}

/** The error of a request that never reached the server. */
export function unreachable(cause: unknown): ApiError {
  const error = new ApiError({ status: 0, code: 'unreachable', message: 'The server cannot be reached' });
  error.cause = cause;
  return error;
}
