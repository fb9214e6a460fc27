import type { CheckContext, CheckResult } from '../check.ts';
import type { MonitorConfig } from '../config.ts';
import { browserKind } from './browser/index.ts';
import { dnsKind } from './dns/index.ts';
import { domainKind } from './domain/index.ts';
import { grpcKind } from './grpc/index.ts';
import { healthKind } from './health/index.ts';
import { heartbeatKind } from './heartbeat/index.ts';
import { httpKind } from './http/index.ts';
import type { MonitorKind } from './kind.ts';
import { pingKind } from './ping/index.ts';
import { postgresKind } from './postgres/index.ts';
import { redisKind } from './redis/index.ts';
import { smtpKind } from './smtp/index.ts';
import { stepsKind } from './steps/index.ts';
import { tcpKind } from './tcp/index.ts';
import { tlsKind } from './tls/index.ts';
import { websocketKind } from './websocket/index.ts';

const KINDS: { [Kind in MonitorConfig['kind']]: MonitorKind<Kind> } = {
  http: httpKind,
  health: healthKind,
  tcp: tcpKind,
  tls: tlsKind,
  dns: dnsKind,
  domain: domainKind,
  ping: pingKind,
  redis: redisKind,
  smtp: smtpKind,
  browser: browserKind,
  heartbeat: heartbeatKind,
  steps: stepsKind,
  grpc: grpcKind,
  websocket: websocketKind,
  postgres: postgresKind,
};

/** Makes one check of a monitor of any kind. */
export function runCheck(monitor: MonitorConfig, context: CheckContext): Promise<CheckResult> {
  return kindOf(monitor).run(monitor, context);
}

/** What a monitor of any kind expects, as short phrases for people. */
export function describeMonitor(monitor: MonitorConfig): string[] {
  return kindOf(monitor).describe(monitor);
}

/** The table is typed by kind; one lookup cannot carry that to the caller, so the cast is made here alone. */
function kindOf(monitor: MonitorConfig): MonitorKind<MonitorConfig['kind']> {
  return KINDS[monitor.kind] as unknown as MonitorKind<MonitorConfig['kind']>;
}
