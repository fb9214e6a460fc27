import { expandVariables, MissingVariable } from '../../config/expand.ts';
import { KeyRules } from '../../logging/key-rules.ts';
import { type CheckDefinition, measured } from '../health-check.ts';

/** A service of others that the application depends on. */
export interface ExternalApi {
  name: string;
  /** Without secrets: keys belong into `headers`. */
  url: string;
  method?: string;
  /** Values may name environment variables: `Bearer ${STRIPE_SECRET_KEY}`. */
  headers?: Readonly<Record<string, string>>;
  /** Statuses that prove it works; default 200 to 399. */
  acceptedStatuses?: readonly number[];
  /** Milliseconds, default 5,000. */
  timeout?: number;
}

interface ApiResult {
  name: string;
  status: boolean;
  statusCode?: number;
  /** Milliseconds. */
  responseTime: number;
  reason?: string;
}

function accepts(api: ExternalApi, status: number): boolean {
  return api.acceptedStatuses === undefined ? status >= 200 && status < 400 : api.acceptedStatuses.includes(status);
}

function reasonOf(error: unknown): string {
  if (error instanceof MissingVariable) {
    return error.message;
  }
  return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'network error';
}

const RULES = new KeyRules();

/** Addresses stand in logs on their way: a key has no place in one. @returns undefined where it is well */
function flawOf(url: string): string | undefined {
  if (!URL.canParse(url)) return 'the URL is not one';
  const { username, password, searchParams } = new URL(url);
  if (username !== '' || password !== '') return 'the URL holds credentials: put them into headers';
  const name = [...searchParams.keys()].find((key) => key === 'key' || RULES.treatmentOf(key) !== 'keep');
  return name === undefined ? undefined : `the URL holds "${name}": put it into headers`;
}

async function probe(api: ExternalApi, signal: AbortSignal): Promise<ApiResult> {
  const startedAt = performance.now();
  const responseTime = () => Math.round(performance.now() - startedAt);
  const flaw = flawOf(api.url);
  if (flaw !== undefined) return { name: api.name, status: false, responseTime: 0, reason: flaw };
  try {
    const limits = AbortSignal.any([signal, AbortSignal.timeout(api.timeout ?? 5000)]);
    const headers = expandVariables(api.headers ?? {});
    const response = await fetch(api.url, { method: api.method ?? 'GET', headers, redirect: 'manual', signal: limits });
    await response.body?.cancel();
    const status = accepts(api, response.status);
    const result = { name: api.name, status, statusCode: response.status, responseTime: responseTime() };
    return status ? result : { ...result, reason: `status ${response.status}` };
  } catch (error) {
    return { name: api.name, status: false, responseTime: responseTime(), reason: reasonOf(error) };
  }
}

/** Asks all services side by side: healthy when all answer as accepted, degraded when one does not. */
export function externalApisCheck(apis: readonly ExternalApi[]): CheckDefinition {
  const longest = Math.max(0, ...apis.map((api) => api.timeout ?? 5000));
  return {
    name: 'external-apis',
    timeout: longest + 500,
    async run(signal) {
      const apiChecks = await Promise.all(apis.map((api) => probe(api, signal)));
      return { status: apiChecks.every((api) => api.status) ? 'healthy' : 'degraded', details: { apiChecks } };
    },
  };
}

/** Asks one service: unhealthy when it does not answer as accepted. */
export function httpCheck(
  options: ExternalApi & Pick<CheckDefinition, 'critical' | 'affectedEndpoints'>,
): CheckDefinition {
  const { name, timeout = 5000, critical, affectedEndpoints } = options;
  return {
    name,
    timeout: timeout + 500,
    ...(critical === undefined ? {} : { critical }),
    ...(affectedEndpoints === undefined ? {} : { affectedEndpoints }),
    async run(signal) {
      const { status, statusCode, responseTime, reason } = await probe(options, signal);
      return {
        status: status ? 'healthy' : 'unhealthy',
        details: { ...(statusCode && { statusCode }), ...(reason && { error: reason }) },
        measurements: { latency: measured(responseTime, 'ms') },
      };
    },
  };
}
