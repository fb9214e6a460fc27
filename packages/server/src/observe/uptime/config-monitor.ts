import type { Placed, Report } from '../../lib/finding.ts';
import type { MonitorConfig, RawMonitor } from './config.ts';
import { MonitorCompiler, type MonitorContext } from './config-compile.ts';
import { compileBrowser } from './kinds/browser/config.ts';
import { compileDns } from './kinds/dns/config.ts';
import { compileDomain } from './kinds/domain/config.ts';
import { compileGrpc } from './kinds/grpc/config.ts';
import { compileHealth } from './kinds/health/config.ts';
import { compileHeartbeat } from './kinds/heartbeat/config.ts';
import { compileHttp } from './kinds/http/config.ts';
import { compilePing } from './kinds/ping/config.ts';
import { compilePostgres } from './kinds/postgres/config.ts';
import { compileRedis } from './kinds/redis/config.ts';
import { compileSmtp } from './kinds/smtp/config.ts';
import { compileSteps } from './kinds/steps/config.ts';
import { compileTcp } from './kinds/tcp/config.ts';
import { compileTls } from './kinds/tls/config.ts';
import { compileWebsocket } from './kinds/websocket/config.ts';

/** Compiles a monitor and fills in its defaults; paths count from the monitor. */
export function compileMonitor(raw: RawMonitor, context: MonitorContext, report: Report): MonitorConfig {
  const compiler = new MonitorCompiler(context, report);
  switch (raw.kind) {
    case undefined:
    case 'http':
      return compileHttp(raw, compiler);
    case 'health':
      return compileHealth(raw, compiler);
    case 'tcp':
      return compileTcp(raw, compiler);
    case 'tls':
      return compileTls(raw, compiler);
    case 'dns':
      return compileDns(raw, compiler);
    case 'domain':
      return compileDomain(raw, compiler);
    case 'ping':
      return compilePing(raw, compiler);
    case 'redis':
      return compileRedis(raw, compiler);
    case 'smtp':
      return compileSmtp(raw, compiler);
    case 'browser':
      return compileBrowser(raw, compiler);
    case 'heartbeat':
      return compileHeartbeat(raw, compiler);
    case 'steps':
      return compileSteps(raw, compiler);
    case 'grpc':
      return compileGrpc(raw, compiler);
    case 'websocket':
      return compileWebsocket(raw, compiler);
    case 'postgres':
      return compilePostgres(raw, compiler);
  }
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
