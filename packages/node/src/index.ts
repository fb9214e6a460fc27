export type { Level } from '@yumops/protocol';
export type { Settings } from './config/settings.ts';
export {
  addBreadcrumb,
  captureException,
  captureMessage,
  close,
  flush,
  lastEventId,
  setContext,
  setTag,
  setUser,
  wrap,
} from './errors/capture.ts';
export type { CaptureContext, ErrorEvent, Hint } from './errors/client.ts';
export { type InitOptions, init as initErrors } from './errors/current.ts';
export { type Scope, withScope } from './errors/scope.ts';
export type { LoggerOptions } from './logging/core.ts';
export { createLogger, logger } from './logging/default-logger.ts';
export type { RedactionOptions } from './logging/key-rules.ts';
export {
  type LogContext,
  Logger,
  LogLevel,
  type SecuritySeverity,
} from './logging/logger.ts';
export type { SamplingOptions } from './logging/rate-guard.ts';
export type { Sink } from './logging/sink.ts';
export { consoleSink, fileSink, otlpSink, yumopsSink } from './logging/sinks.ts';
export type { ProxyTrust } from './middleware/client-address.ts';
export { type RequestLog, requestLogger } from './middleware/request-logger.ts';
export type { RequestLogOptions } from './middleware/request-policy.ts';
export { HealthMonitor } from './monitoring/health-monitor.ts';
export { type ConfigureOptions, configure } from './runtime/pipeline.ts';
export { registerPool } from './runtime/pools.ts';
export { addContext, type ScopeFields, withContext } from './runtime/scope.ts';
export { start } from './runtime/start.ts';
export * from './security.ts';
