import { z } from 'zod';
import type { Report } from '../../../../lib/finding.ts';
import type { Secret } from '../../../../lib/secret.ts';
import type { Assertion } from '../../assertion.ts';
import { commonKeys, type MonitorBase, urlKey } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';
import { expandStatuses, expectedStatusShape } from './status.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type HttpMethod = (typeof METHODS)[number];

/** Credentials that are sent as they are. */
export type DirectAuth = { kind: 'bearer'; token: Secret } | { kind: 'basic'; username: string; password: Secret };

/** `oauth2`: credentials of a client, which are worth a token (RFC 6749, section 4.4). */
export type MonitorAuth =
  | DirectAuth
  | {
      kind: 'oauth2';
      tokenUrl: string;
      clientId: string;
      clientSecret: Secret;
      scope: string | null;
      audience: string | null;
    };

/** What TLS needs of a monitor. */
export interface MonitorTls {
  /** Certificates in PEM that are trusted beside the public roots. */
  ca: readonly string[];
  /** What we show of ourselves, PEM. */
  client: { cert: Secret; key: Secret } | null;
}

/** A request and what its answer must be. */
export interface HttpExpectation {
  method: HttpMethod;
  /** Values may come from `${ENV}` and are kept masked. */
  headers: Readonly<Record<string, Secret>>;
  body: string | null;
  auth: MonitorAuth | null;
  tls: MonitorTls;
  /** Any of these is good. */
  expectedStatus: readonly number[];
  /** Must occur in the decoded body. */
  expectedText: string | null;
  /** Must be a subset of the body's JSON; undefined = no expectation. */
  expectedJson: unknown;
  assertions: readonly Assertion[];
  followRedirects: boolean;
}

/** An HTTP(S) monitor, ready to run. */
export interface HttpMonitorConfig extends MonitorBase, HttpExpectation {
  kind: 'http';
  /** Fewer days left of the certificate than this is degraded; null = it is not asked. */
  days: number | null;
}

const authShape = z.strictObject({
  bearer: z.string().optional(),
  basic: z.strictObject({ username: z.string(), password: z.string() }).optional(),
  oauth2: z
    .strictObject({
      token_url: z.string().describe('Where the token is had'),
      client_id: z.string(),
      client_secret: z.string(),
      scope: z.string().optional(),
      audience: z.string().optional(),
    })
    .optional()
    .describe('Client credentials'),
});

/** Keys of one request, of a monitor or of a step. */
export const requestKeys = {
  ...urlKey,
  method: z.enum(METHODS).optional().describe('Default GET'),
  headers: z.record(z.string(), z.string()).optional().describe('Sent with the request'),
  body: z.string().optional().describe('Sent with the request'),
  auth: authShape.optional().describe('One of bearer, basic and oauth2'),
  ca: z.string().optional().describe('Further certificates to trust, PEM or file:PATH'),
  client_certificate: z
    .strictObject({ cert: z.string(), key: z.string() })
    .optional()
    .describe('What we show of ourselves, PEM or file:PATH'),
  expected_status: expectedStatusShape
    .optional()
    .describe('One status or a list; any of them is good, default 200; 2xx and 200-299 are ranges'),
  expected_text: z.string().optional().describe('Must occur in the body'),
  expected_json: z.unknown().optional().describe('Must be a subset of the JSON body; JSON text or a map'),
  follow_redirects: z.boolean().optional().describe('Default true, unless a 3xx is expected'),
  assertions: z.array(z.string()).optional().describe('Further demands, e.g. time < 500ms, or jsonata EXPRESSION'),
};

/** An item of `monitors:` of kind http, as written. */
export const httpMonitorShape = z.strictObject({
  ...commonKeys,
  kind: z.literal('http').optional(),
  ...requestKeys,
  days: z.int().positive().optional().describe('Fewer days left of the certificate than this is degraded'),
});

export type RawHttpMonitor = z.infer<typeof httpMonitorShape>;
export type RawRequest = z.infer<z.ZodObject<typeof requestKeys>>;

export function compileHttp(raw: RawHttpMonitor, compiler: MonitorCompiler): HttpMonitorConfig {
  const expectation = compileExpectation(raw, compiler);
  lintHealthRoute(raw, expectation.expectedStatus, compiler.report);
  return {
    kind: 'http',
    ...compiler.base(raw, compiler.address(raw.url, ['url'])),
    ...expectation,
    days: raw.days ?? null,
  };
}

const HTTP_SUBJECTS = ['status', 'time', 'certificate', 'body', 'header', 'json', 'jsonata'] as const;

/** The request of a monitor or of a step, with defaults filled in. */
export function compileExpectation(raw: RawRequest, compiler: MonitorCompiler): HttpExpectation {
  const expectedStatus = expandStatuses(raw.expected_status ?? 200);
  return {
    method: raw.method ?? 'GET',
    headers: compiler.secrets(raw.headers, ['headers']),
    body: raw.body ?? null,
    auth: compileAuth(raw.auth, compiler),
    tls: compileTls(raw, compiler),
    expectedStatus,
    expectedText: raw.expected_text ?? null,
    expectedJson: compileJson(raw.expected_json, compiler.report),
    assertions: compiler.assertions(raw.assertions, HTTP_SUBJECTS),
    followRedirects: compileRedirects(raw, expectedStatus, compiler.report),
  };
}

function compileJson(value: unknown, report: Report): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch (error) {
    const message = `expected_json is not JSON: ${(error as Error).message}`;
    const suggestion = `write for example '{"status": "healthy"}'`;
    report({ code: 'E103', path: ['expected_json'], message, suggestion });
    return undefined;
  }
}

function compileAuth(raw: RawRequest['auth'], compiler: MonitorCompiler): MonitorAuth | null {
  if (!raw) return null;
  const { bearer, basic, oauth2 } = raw;
  if (Object.keys(raw).length !== 1) {
    const message = 'auth has exactly one of bearer, basic and oauth2';
    compiler.report({ code: 'E109', path: ['auth'], message, suggestion: 'remove one' });
  }
  if (bearer !== undefined) return { kind: 'bearer', token: compiler.secret(bearer, ['auth', 'bearer']) };
  if (basic) {
    const password = compiler.secret(basic.password, ['auth', 'basic', 'password']);
    return { kind: 'basic', username: basic.username, password };
  }
  return oauth2 ? compileOauth2(oauth2, compiler) : null;
}

type RawOauth2 = NonNullable<NonNullable<RawRequest['auth']>['oauth2']>;

function compileOauth2(raw: RawOauth2, compiler: MonitorCompiler): MonitorAuth {
  return {
    kind: 'oauth2',
    tokenUrl: compiler.address(raw.token_url, ['auth', 'oauth2', 'token_url']).target,
    clientId: raw.client_id,
    clientSecret: compiler.secret(raw.client_secret, ['auth', 'oauth2', 'client_secret']),
    scope: raw.scope ?? null,
    audience: raw.audience ?? null,
  };
}

function compileTls({ ca, client_certificate: client }: RawRequest, compiler: MonitorCompiler): MonitorTls {
  return {
    ca: ca === undefined ? [] : [compiler.secret(ca, ['ca']).reveal()],
    client: client
      ? {
          cert: compiler.secret(client.cert, ['client_certificate', 'cert']),
          key: compiler.secret(client.key, ['client_certificate', 'key']),
        }
      : null,
  };
}

/** Whether redirects are followed: a 3xx that is expected must be seen itself. */
function compileRedirects(raw: RawRequest, statuses: readonly number[], report: Report): boolean {
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
  const path = URL.canParse(raw.url) ? new URL(raw.url).pathname : '';
  if (!/\/(health|healthz|healthcheck)(\/|$)/.test(path) || statuses.length !== 1 || statuses[0] !== 200) return;
  report({
    code: 'W211',
    path: [raw.expected_status === undefined ? 'url' : 'expected_status'],
    message: 'a health route may answer 202 when it is degraded, and only 200 is expected',
    suggestion: 'write expected_status: [200, 202] if degraded is not down',
  });
}
