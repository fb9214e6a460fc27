import { LEVELS, type Level } from '@yumops/protocol';

/** Everything the SDK reads from the environment. */
export interface Settings {
  /** Origin of YumOps, for example `https://ops.yumzoom.app`; undefined switches the transport off. */
  url: string | undefined;
  /** Ingest key of scope `server`. */
  key: string | undefined;
  /** Where errors go when it is not YumOps by `url` and `key`. */
  dsn: string | undefined;
  service: string;
  environment: string;
  release: string | undefined;
  /** What the running code was built from, as platforms and builds tell it. */
  commit: string | undefined;
  level: Level;
  /** Human-readable lines instead of JSON on stdout. */
  pretty: boolean;
  /** Which forwarded headers are believed: `1`, `vercel`, or a list of addresses and CIDRs. */
  trustProxy: string | undefined;
  /** Names for hosts of outbound calls, `host[:port]` to provider. */
  providers: Record<string, string>;
  /** Where outgoing calls carry the trace of their request; undefined = what only one's own network can reach. */
  propagateTo: readonly (string | RegExp)[] | undefined;
  /** Key of the HMAC that replaces values whose equality matters, such as session ids. */
  hashKey: string | undefined;
  /** Bearer token that opens the detailed health report. */
  healthToken: string | undefined;
  /** What the scheduler's calls of jobs must carry as bearer token. */
  cronSecret: string | undefined;
  /** Where the instances of the application share counters of sign-ins, and locks of jobs. */
  redisUrl: string | undefined;
  /** True inside `next build`, where nothing may be sent or sampled. */
  building: boolean;
}

/** Where platforms, and builds that hand their variables on, keep the commit. */
const COMMITS = [
  'VERCEL_GIT_COMMIT_SHA', 'RENDER_GIT_COMMIT', 'RAILWAY_GIT_COMMIT_SHA', 'HEROKU_SLUG_COMMIT', 'CF_PAGES_COMMIT_SHA', 'COMMIT_REF',
  'GITHUB_SHA', 'CI_COMMIT_SHA', 'CIRCLE_SHA1', 'BITBUCKET_COMMIT', 'BUILD_SOURCEVERSION', 'CODEBUILD_RESOLVED_SOURCE_VERSION', 'SOURCE_VERSION', 'GIT_COMMIT',
]; // biome-ignore format: a list of words reads best as a block

type Environment = Record<string, string | undefined>;

/** Secrets that are mounted as files often end with a line feed, which no header may carry. */
const first = (...values: (string | undefined)[]) =>
  values.map((value) => value?.trim()).find((value) => Boolean(value));

function levelOf(text: string | undefined, fallback: Level): Level {
  const wanted = text?.toLowerCase();
  return LEVELS.find((level) => level === wanted) ?? fallback;
}

function providersOf(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '')
    .split(',')
    .map((pair) => pair.split('=').map((part) => part.trim()))
    .filter((pair): pair is [string, string] => Boolean(pair[0] && pair[1]));
  return Object.fromEntries(pairs);
}

/** `none` is an empty list: no call carries a trace. */
function destinationsOf(text: string | undefined): string[] | undefined {
  return text === 'none' ? [] : text?.split(',').map((part) => part.trim());
}

/**
 * Reads the settings. `YUMOPS_*` wins; otherwise the variables that platforms and frameworks set are used
 * (`VERCEL_*`, `NEXT_PUBLIC_APP_VERSION`, `OTEL_SERVICE_NAME`, `NODE_ENV`, `LOG_LEVEL`).
 */
export function readSettings(env: Environment = process.env): Settings {
  const development = env['NODE_ENV'] === 'development';
  const format = env['YUMOPS_LOG_FORMAT'];
  const commit = first(...COMMITS.map((name) => env[name]));
  return {
    url: first(env['YUMOPS_URL'])?.replace(/\/+$/, ''),
    key: first(env['YUMOPS_KEY']),
    dsn: first(env['YUMOPS_DSN'], env['SENTRY_DSN']),
    service: first(env['YUMOPS_SERVICE'], env['OTEL_SERVICE_NAME'], env['npm_package_name']) ?? 'app',
    environment: first(env['YUMOPS_ENVIRONMENT'], env['VERCEL_ENV'], env['NODE_ENV']) ?? 'production',
    release: first(env['YUMOPS_RELEASE'], env['SENTRY_RELEASE'], env['NEXT_PUBLIC_APP_VERSION'], commit),
    commit,
    level: levelOf(first(env['YUMOPS_LOG_LEVEL'], env['LOG_LEVEL']), development ? 'debug' : 'info'),
    pretty: format === undefined ? development : format === 'pretty',
    trustProxy: first(env['YUMOPS_TRUST_PROXY']) ?? (env['VERCEL'] === '1' ? 'vercel' : undefined),
    providers: providersOf(env['YUMOPS_PROVIDERS']),
    propagateTo: destinationsOf(first(env['YUMOPS_PROPAGATE_TO'])),
    hashKey: first(env['YUMOPS_HASH_KEY'], env['YUMOPS_KEY']),
    healthToken: first(env['HEALTH_TOKEN'], env['YUMOPS_HEALTH_TOKEN']),
    cronSecret: first(env['CRON_SECRET']),
    redisUrl: first(env['YUMOPS_REDIS_URL']),
    building: env['NEXT_PHASE'] === 'phase-production-build',
  };
}
