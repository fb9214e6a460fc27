import { z } from 'zod';
import { locationShape } from './config-base.ts';
import { type BrowserMonitorConfig, browserMonitorShape } from './kinds/browser/config.ts';
import { type DnsMonitorConfig, dnsMonitorShape } from './kinds/dns/config.ts';
import { type DomainMonitorConfig, domainMonitorShape } from './kinds/domain/config.ts';
import { type GrpcMonitorConfig, grpcMonitorShape } from './kinds/grpc/config.ts';
import { type HealthMonitorConfig, healthMonitorShape } from './kinds/health/config.ts';
import { type HeartbeatMonitorConfig, heartbeatMonitorShape } from './kinds/heartbeat/config.ts';
import { type HttpMonitorConfig, httpMonitorShape } from './kinds/http/config.ts';
import { type PingMonitorConfig, pingMonitorShape } from './kinds/ping/config.ts';
import { type PostgresMonitorConfig, postgresMonitorShape } from './kinds/postgres/config.ts';
import { type RedisMonitorConfig, redisMonitorShape } from './kinds/redis/config.ts';
import { type SmtpMonitorConfig, smtpMonitorShape } from './kinds/smtp/config.ts';
import { type StepsMonitorConfig, stepsMonitorShape } from './kinds/steps/config.ts';
import { type TcpMonitorConfig, tcpMonitorShape } from './kinds/tcp/config.ts';
import { type TlsMonitorConfig, tlsMonitorShape } from './kinds/tls/config.ts';
import { type WebsocketMonitorConfig, websocketMonitorShape } from './kinds/websocket/config.ts';

export type { MonitorBase, MonitorReceiver } from './config-base.ts';
export type { HealthMonitorConfig } from './kinds/health/config.ts';
export type { HttpMonitorConfig } from './kinds/http/config.ts';

/** The shape of an item of `monitors:`, by kind. */
export const MONITOR_SHAPES = {
  http: httpMonitorShape,
  health: healthMonitorShape,
  tcp: tcpMonitorShape,
  tls: tlsMonitorShape,
  dns: dnsMonitorShape,
  domain: domainMonitorShape,
  ping: pingMonitorShape,
  redis: redisMonitorShape,
  smtp: smtpMonitorShape,
  postgres: postgresMonitorShape,
  websocket: websocketMonitorShape,
  grpc: grpcMonitorShape,
  steps: stepsMonitorShape,
  heartbeat: heartbeatMonitorShape,
  browser: browserMonitorShape,
};

export type MonitorKindName = keyof typeof MONITOR_SHAPES;

/** A monitor of any kind, ready to run. */
export type MonitorConfig =
  | HttpMonitorConfig
  | HealthMonitorConfig
  | TcpMonitorConfig
  | TlsMonitorConfig
  | DnsMonitorConfig
  | DomainMonitorConfig
  | PingMonitorConfig
  | RedisMonitorConfig
  | SmtpMonitorConfig
  | BrowserMonitorConfig
  | HeartbeatMonitorConfig
  | StepsMonitorConfig
  | GrpcMonitorConfig
  | WebsocketMonitorConfig
  | PostgresMonitorConfig;

/** An item of `monitors:`, as written. */
export const monitorShape = z.union(Object.values(MONITOR_SHAPES));
export type RawMonitor = z.infer<typeof monitorShape>;

/** `uptime:` as written. */
export const uptimeShape = z.strictObject({
  location: locationShape.optional().describe('Name of the place that the platform itself checks from, default local'),
  reference_targets: z
    .array(z.string().regex(/^.+:\d{1,5}$/, 'expected host:port'))
    .optional()
    .describe('host:port of machines that answer whenever our own network works; when none does, nothing is down'),
});
