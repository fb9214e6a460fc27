import { existsSync } from 'node:fs';
import type { ProblemBody } from '@yumops/protocol';
import type { Settings } from '../config/settings.ts';
import { codeOf, YumOpsError } from '../lib/errors.ts';
import { withQuery } from '../lib/query-string.ts';
import { readRunFile } from '../main/run-file.ts';
import { PATIENCE, type Patience, whileItLives } from './while-it-lives.ts';

/** The platform's REST API as a command sees it. */
export interface Client {
  /** The platform's address, null when this command opened the stores itself. */
  url: string | null;
  /** @param signal ends the wait for a platform that runs */
  get<Answer>(path: string, query?: Record<string, string | undefined>, signal?: AbortSignal): Promise<Answer>;
  post<Answer>(path: string, body?: unknown): Promise<Answer>;
  put<Answer>(path: string, body: unknown): Promise<Answer>;
  delete<Answer = void>(path: string): Promise<Answer>;
  /** Posts bytes as they are. */
  upload<Answer>(path: string, query: Record<string, string | undefined>, body: Uint8Array): Promise<Answer>;
  /** Lines of a server-sent event stream; only with a running platform. */
  events(
    path: string,
    query: Record<string, string | undefined>,
    signal: AbortSignal,
  ): AsyncIterable<{ event: string; data: string }>;
  /** The bytes of an answer as they come. */
  lines(path: string): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

const BYTES = 'application/octet-stream';

function readAnswer<Answer>(status: number, text: string, path: string): Answer {
  if (status >= 200 && status < 300) return JSON.parse(text || 'null') as Answer;
  let problem: ProblemBody['error'] = { code: 'http_error', message: `The platform answered ${status} to ${path}.` };
  try {
    problem = (JSON.parse(text) as ProblemBody).error;
  } catch {
    // the answer of a proxy in between is not ours; the status says enough
  }
  throw new YumOpsError(problem.code, problem.message, { status, ...(problem.hint && { hint: problem.hint }) });
}

/** `fetch` itself gives up after five minutes without a head, or without more of a body. */
const TOO_LONG = /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/;

function notAnswered(origin: string, cause: unknown): unknown {
  const { name, cause: inner } = cause as Error;
  if (cause instanceof YumOpsError || name === 'AbortError') return cause;
  const why = codeOf(inner) ?? 'no answer';
  if (name === 'TimeoutError' || TOO_LONG.test(why)) {
    return new YumOpsError('platform_unreachable', `The platform at ${origin} does not answer in time.`, {
      hint: 'What was asked may have been done. See `yumops doctor`; the platform may have to be started again.',
      cause,
    });
  }
  return new YumOpsError('platform_unreachable', `No platform answers at ${origin} (${why}).`, {
    hint: 'Start it with `yumops start`, or name its port with --port.',
    cause,
  });
}

/** The chunks of a stream that only the platform or the reader ends. */
async function* untilGone(response: Response): AsyncIterable<Uint8Array> {
  try {
    yield* response.body ?? [];
  } catch (cause) {
    if ((cause as Error).name === 'AbortError') throw cause;
    throw new YumOpsError('platform_gone', 'The platform ended the connection.', {
      hint: 'It may have stopped: see `yumops doctor`.',
      cause,
    });
  }
}

async function* readEvents(response: Response): AsyncIterable<{ event: string; data: string }> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of untilGone(response)) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      const data = fields.get('data');
      if (data !== undefined) yield { event: fields.get('event') ?? 'message', data };
    }
  }
}

function remoteClient(url: string, token: string, patience: Patience): Client {
  const { origin } = new URL(url);
  const authorization = `Bearer ${token}`;
  const send = async <Read>(path: string, init: RequestInit, read: (response: Response) => Promise<Read>) => {
    const ask = async (silent: AbortSignal) => {
      const signal = init.signal ? AbortSignal.any([init.signal, silent]) : silent;
      return read(await fetch(url + path, { ...init, headers: { ...init.headers, authorization }, signal }));
    };
    return whileItLives(origin, ask, patience).catch((cause: unknown) => {
      throw notAnswered(origin, cause);
    });
  };
  const call = <Answer>(path: string, init: RequestInit = {}): Promise<Answer> =>
    send(path, init, async (response) => readAnswer<Answer>(response.status, await response.text(), path));
  const open = (path: string, init: RequestInit = {}): Promise<Response> =>
    send(path, init, async (response) =>
      response.ok ? response : readAnswer<never>(response.status, await response.text(), path),
    );
  const write = (method: 'POST' | 'PUT', body: unknown): RequestInit => ({
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return {
    url,
    get: (path, query, signal) => call(withQuery(path, query), signal ? { signal } : {}),
    post: (path, body) => call(path, write('POST', body ?? {})),
    put: (path, body) => call(path, write('PUT', body)),
    delete: (path) => call(path, { method: 'DELETE' }),
    upload: (path, query, body) =>
      call(withQuery(path, query), {
        method: 'POST',
        headers: { 'content-type': BYTES },
        body: body as Uint8Array<ArrayBuffer>,
      }),
    async *lines(path) {
      yield* untilGone(await open(path));
    },
    async *events(path, query, signal) {
      yield* readEvents(await open(withQuery(path, query), { signal }));
    },
    close: async () => undefined,
  };
}

/** The API over the data folder's stores, opened for one command, without a network port. */
async function offlineClient(settings: Settings): Promise<Client> {
  const { openOffline } = await import('../main.ts');
  const platform = await openOffline(settings);
  const inject = async <Answer>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    payload?: unknown,
    contentType?: string,
  ): Promise<Answer> => {
    const answer = await platform.app.inject({
      method,
      url: path,
      headers: {
        authorization: `Bearer ${platform.token}`,
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      ...(payload === undefined ? {} : { payload: payload as object }),
    });
    return readAnswer(answer.statusCode, answer.body, path);
  };
  return {
    url: null,
    get: (path, query) => inject('GET', withQuery(path, query)),
    post: (path, body) => inject('POST', path, body ?? {}),
    put: (path, body) => inject('PUT', path, body),
    delete: (path) => inject('DELETE', path),
    upload: (path, query, body) => inject('POST', withQuery(path, query), Buffer.from(body), BYTES),
    async *lines(path) {
      const headers = { authorization: `Bearer ${platform.token}` };
      const answer = await platform.app.inject({ method: 'GET', url: path, headers, payloadAsStream: true });
      if (answer.statusCode >= 300)
        throw new YumOpsError('http_error', `${path} was answered with ${answer.statusCode}.`);
      yield* answer.stream() as AsyncIterable<Uint8Array>;
    },
    // biome-ignore lint/correctness/useYield: there is nothing to follow without a running platform
    async *events() {
      throw new YumOpsError('platform_unreachable', 'Nothing can be followed while no platform runs.', {
        hint: 'Start it with `yumops start`.',
      });
    },
    close: () => platform.stop(),
  };
}

/** A command in the wrong folder would make an empty installation there, and answer from it that all is well. */
function refuseMissingData({ dataDir, dataNamed, port }: Settings): void {
  if (dataNamed || existsSync(dataDir)) return;
  throw new YumOpsError('no_data_folder', `There is no data folder ${dataDir}.`, {
    hint: `Run the command where the platform was started, or name its folder with --data or YUMOPS_DATA. A platform on port ${port} can be asked from anywhere with YUMOPS_ADMIN_TOKEN.`,
  });
}

/**
 * Opens the API: of the platform at an address, else the running platform of this data folder, or of `--port` with
 * YUMOPS_ADMIN_TOKEN, else the stores themselves.
 * @throws YumOpsError `no_data_folder` when the default folder does not exist, `token_needed` without one for an address;
 *   its calls throw `platform_unreachable` where no platform answers, or the one that runs hangs
 */
export async function openClient(settings: Settings, address?: string, patience = PATIENCE): Promise<Client> {
  if (address !== undefined) {
    if (settings.adminToken !== undefined)
      return remoteClient(address.replace(/\/+$/, ''), settings.adminToken, patience);
    throw new YumOpsError('token_needed', 'A platform elsewhere needs a token.', {
      hint: 'Set YUMOPS_ADMIN_TOKEN to a token of `yumops token create --role responder`.',
      status: 400,
    });
  }
  const running = await readRunFile(settings.dataDir);
  if (running) return remoteClient(running.url, running.token, patience);
  if (settings.adminToken !== undefined)
    return remoteClient(`http://${settings.host}:${settings.port}`, settings.adminToken, patience);
  refuseMissingData(settings);
  return offlineClient(settings);
}

/** Runs `work` with a client and closes it. */
export async function withClient<T>(
  settings: Settings,
  work: (client: Client) => Promise<T>,
  address?: string,
): Promise<T> {
  const client = await openClient(settings, address);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
