import type { ConfigPath, Placed, Report } from '../../lib/finding.ts';
import { missingVariable, type Secret, type SecretReader } from '../../lib/secret.ts';
import { readDuration, slug } from '../../lib/section.ts';
import { type Assertion, parseAssertion } from './assertion.ts';
import {
  type MonitorAuth,
  type MonitorBase,
  type MonitorConfig,
  type MonitorReceiver,
  type RawHttpMonitor,
  type RawMonitor,
  rewriteTarget,
} from './config.ts';

const LEAST_INTERVAL_MS = 1_000;

/** What a monitor is compiled with. */
export interface MonitorContext {
  targets: Readonly<Record<string, string>>;
  /** Follows secrets below the monitor. */
  secret: SecretReader;
  /** Compiles `notifications` and `escalation`, which belong to alerting. */
  receivers(raw: RawMonitor): { notifications: readonly MonitorReceiver[]; escalation: string | null };
}

/** Secrets of one monitor: the first one that is broken breaks the monitor. */
class SecretsOf {
  broken: string | null = null;
  readonly #read: SecretReader;

  constructor(read: SecretReader) {
    this.#read = read;
  }

  read(text: string, path: ConfigPath): Secret {
    const { secret, broken } = this.#read(text, path);
    this.broken ??= broken;
    return secret;
  }
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

function compileUrl(url: string, targets: MonitorContext['targets'], report: Report): string {
  if (isHttpUrl(url)) return rewriteTarget(url, targets);
  if (missingVariable(url) === undefined) {
    const suggestion = 'write one that begins with https:// or http://';
    report({ code: 'E103', path: ['url'], message: `"${url}" is not an address`, suggestion });
  }
  return url;
}

function compileJson(value: unknown, report: Report): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch (error) {
    const suggestion = `write for example '{"status": "healthy"}'`;
    report({
      code: 'E103',
      path: ['expected_json'],
      message: `expected_json is not JSON: ${(error as Error).message}`,
      suggestion,
    });
    return undefined;
  }
}

function compileAssertions(texts: readonly string[], report: Report): Assertion[] {
  const assertions: Assertion[] = [];
  for (const [index, text] of texts.entries()) {
    const parsed = parseAssertion(text);
    if (parsed.ok) assertions.push(parsed.assertion);
    else report({ code: 'E104', path: ['assertions', index], ...parsed.problem });
  }
  return assertions;
}

function compileAuth(raw: RawHttpMonitor['auth'], secrets: SecretsOf, report: Report): MonitorAuth | null {
  if (!raw) return null;
  const { bearer, basic } = raw;
  if ((bearer === undefined) === (basic === undefined)) {
    report({
      code: 'E109',
      path: ['auth'],
      message: 'auth has exactly one of bearer and basic',
      suggestion: 'remove one',
    });
    return null;
  }
  if (bearer !== undefined) return { kind: 'bearer', token: secrets.read(bearer, ['auth', 'bearer']) };
  const { username = '', password = '' } = basic ?? {};
  return { kind: 'basic', username, password: secrets.read(password, ['auth', 'basic', 'password']) };
}

/** Whether redirects are followed: a 3xx that is expected must be seen itself. */
function compileRedirects(raw: RawHttpMonitor, statuses: readonly number[], report: Report): boolean {
  const redirect = statuses.find((status) => status >= 300 && status < 400);
  if (redirect !== undefined && raw.follow_redirects) {
    report({
      code: 'E111',
      path: ['follow_redirects'],
      message: `a ${redirect} is expected, and would be followed instead of seen`,
      suggestion: 'write follow_redirects: false or leave it out',
    });
  }
  return raw.follow_redirects ?? redirect === undefined;
}

/** W211: the guide's health routes answer 202 while degraded, which is not down. */
function lintHealthRoute(raw: RawHttpMonitor, statuses: readonly number[], report: Report): void {
  const isHealth = isHttpUrl(raw.url) && /\/(health|healthz|healthcheck)(\/|$)/.test(new URL(raw.url).pathname);
  if (!isHealth || statuses.length !== 1 || statuses[0] !== 200) return;
  report({
    code: 'W211',
    path: [raw.expected_status === undefined ? 'url' : 'expected_status'],
    message: 'a health route may answer 202 when it is degraded, and only 200 is expected',
    suggestion: 'write expected_status: [200, 202] if degraded is not down',
  });
}

type Timing = Pick<MonitorBase, 'intervalMs' | 'timeoutMs' | 'retries' | 'recovery' | 'maxResponseTimeMs'>;

function compileTiming(raw: RawMonitor, report: Report): Timing {
  const duration = (key: 'check_interval' | 'timeout' | 'max_response_time', minimum: number) =>
    readDuration(raw[key], [key], report, minimum);
  return {
    intervalMs: duration('check_interval', LEAST_INTERVAL_MS) ?? 60_000,
    timeoutMs: duration('timeout', 1) ?? 30_000,
    retries: raw.retries ?? 1,
    recovery: raw.recovery ?? 1,
    maxResponseTimeMs: duration('max_response_time', 1) ?? null,
  };
}

function compileBase(raw: RawMonitor, context: MonitorContext, secrets: SecretsOf, report: Report): MonitorBase {
  for (const key of ['locations', 'quorum'] as const) {
    if (raw[key] === undefined) continue;
    report({ code: 'I101', path: [key], atKey: true, message: `"${key}" is not used by this version` });
  }
  const variable = missingVariable(raw.url);
  return {
    id: slug(raw.name),
    name: raw.name,
    url: raw.url,
    target: compileUrl(raw.url, context.targets, report),
    ...compileTiming(raw, report),
    parent: raw.parent ?? null,
    allowPrivate: raw.allow_private ?? true,
    severity: raw.severity ?? 'critical',
    ...context.receivers(raw),
    paused: raw.paused ?? false,
    labels: raw.labels ?? {},
    runbook: raw.runbook ?? null,
    project: raw.project ?? null,
    environment: raw.environment ?? null,
    broken: variable === undefined ? secrets.broken : `environment variable ${variable} is not set`,
  };
}

function compileHttp(raw: RawHttpMonitor, context: MonitorContext, report: Report): MonitorConfig {
  const secrets = new SecretsOf(context.secret);
  const { expected_status: written = 200 } = raw;
  const statuses = Array.isArray(written) ? written : [written];
  const headers = Object.fromEntries(
    Object.entries(raw.headers ?? {}).map(([name, value]) => [name, secrets.read(value, ['headers', name])]),
  );
  const auth = compileAuth(raw.auth, secrets, report);
  lintHealthRoute(raw, statuses, report);
  return {
    kind: 'http',
    ...compileBase(raw, context, secrets, report),
    method: raw.method ?? 'GET',
    headers,
    body: raw.body ?? null,
    auth,
    expectedStatus: statuses,
    expectedText: raw.expected_text ?? null,
    expectedJson: compileJson(raw.expected_json, report),
    assertions: compileAssertions(raw.assertions ?? [], report),
    followRedirects: compileRedirects(raw, statuses, report),
  };
}

/** Compiles a monitor and fills in its defaults; paths count from the monitor. */
export function compileMonitor(raw: RawMonitor, context: MonitorContext, report: Report): MonitorConfig {
  if (raw.kind !== 'health') return compileHttp(raw, context, report);
  const secrets = new SecretsOf(context.secret);
  const token = raw.token === undefined ? null : secrets.read(raw.token, ['token']);
  return { kind: 'health', ...compileBase(raw, context, secrets, report), token };
}

/** Reports E112 for a parent that is no monitor or leads back to the monitor itself. */
export function lintParents(monitors: readonly Placed<MonitorConfig>[]): void {
  const parents = new Map(monitors.map(({ value }) => [value.name, value.parent]));
  for (const { value: monitor, report } of monitors) {
    const problem = parentProblem(monitor, parents);
    if (problem) report({ code: 'E112', path: ['parent'], message: problem, suggestion: 'name another monitor' });
  }
}

function parentProblem(
  { name, parent }: MonitorConfig,
  parents: ReadonlyMap<string, string | null>,
): string | undefined {
  if (parent === null) return undefined;
  if (!parents.has(parent)) return `there is no monitor "${parent}"`;
  const seen = new Set<string>();
  let next: string | null = parent;
  while (next !== null && next !== name && !seen.has(next)) {
    seen.add(next);
    next = parents.get(next) ?? null;
  }
  return next === name ? `"${name}" is its own ancestor` : undefined;
}
