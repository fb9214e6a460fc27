import { reportAnswer, reportSilence } from './connection.ts';
import { errorFrom, unreachable } from './problem.ts';
import { inProject } from './project.ts';

export type Parameters = Record<string, string | number | null | undefined>;

/** Adds the parameters that have a value to a path. */
export function withParameters(path: string, parameters: Parameters = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(inProject(path), { credentials: 'same-origin', ...init });
  } catch (cause) {
    if (init.signal?.aborted !== true) reportSilence();
    throw init.signal?.aborted === true ? cause : unreachable(cause);
  }
  reportAnswer();
  if (!response.ok) throw await errorFrom(response);
  return response;
}

/**
 * Reads JSON.
 * @throws ApiError when the server refuses or is away
 */
export async function get<Answer>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<Answer> {
  const init: RequestInit = { headers: { accept: 'application/json' } };
  if (signal !== undefined) init.signal = signal;
  const response = await send(withParameters(path, parameters), init);
  return (await response.json()) as Answer;
}

/**
 * Sends JSON and reads JSON; an empty answer is null.
 * @throws ApiError when the server refuses or is away
 */
export function post<Answer>(path: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
  return write('POST', path, body, signal);
}

/**
 * Replaces something; as `post` else.
 * @throws ApiError when the server refuses or is away
 */
export function put<Answer>(path: string, body: unknown): Promise<Answer> {
  return write('PUT', path, body);
}

async function write<Answer>(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
  const init: RequestInit = {
    method,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  if (signal !== undefined) init.signal = signal;
  const text = await (await send(path, init)).text();
  return (text === '' ? null : JSON.parse(text)) as Answer;
}

/**
 * Takes something away.
 * @throws ApiError when the server refuses or is away
 */
export async function remove(path: string): Promise<void> {
  await send(path, { method: 'DELETE', headers: { accept: 'application/json' } });
}
