export {
  addBreadcrumb,
  addIntegration,
  type CheckIn,
  captureCheckIn,
  captureEvent,
  captureException,
  captureFeedback,
  captureMessage,
  close,
  flush,
  lastEventId,
  logger,
  type MonitorConfig,
  setContext,
  setExtra,
  setExtras,
  setTag,
  setTags,
  setUser,
  withMonitor,
  wrap,
} from './errors/capture.ts';
export type { CaptureContext, ErrorEvent, GivenEvent, Hint } from './errors/client.ts';
export {
  captureUserFeedback,
  configureScope,
  getClient,
  getCurrentHub,
  getIsolationScope,
  Handlers,
  type Hub,
  isEnabled,
  isInitialized,
  startTransaction,
  withIsolationScope,
} from './errors/compatible.ts';
export { type InitOptions, init } from './errors/current.ts';
export {
  type ErrorHandlerOptions,
  expressErrorHandler,
  setupExpressErrorHandler,
  setupFastifyErrorHandler,
} from './errors/framework-errors.ts';
export {
  consoleIntegration,
  contextLinesIntegration,
  dedupeIntegration,
  eventFiltersIntegration,
  expressIntegration,
  extraErrorDataIntegration,
  fastifyIntegration,
  getDefaultIntegrations,
  honoIntegration,
  httpIntegration,
  type Integration,
  type Integrations,
  inboundFiltersIntegration,
  koaIntegration,
  linkedErrorsIntegration,
  nativeNodeFetchIntegration,
  nodeContextIntegration,
  onUncaughtExceptionIntegration,
  onUnhandledRejectionIntegration,
  processSessionIntegration,
  requestDataIntegration,
} from './errors/integrations.ts';
export { type MetricOptions, metrics } from './errors/metrics.ts';
export {
  type Attachment,
  type Breadcrumb,
  getCurrentScope,
  Scope,
  type SeverityLevel,
  type User,
  withScope,
} from './errors/scope.ts';
export {
  continueTrace,
  getActiveSpan,
  Span,
  type SpanOptions,
  startInactiveSpan,
  startSpan,
  startSpanManual,
} from './errors/spans.ts';
export {
  createErrorBoundary,
  type ErrorBoundaryOptions,
  type FallbackProps,
  type ReactLike,
  withErrorBoundary,
} from './monitoring/error-boundary.ts';
export { initSentry, trackPerformance } from './monitoring/sentry-config.ts';
