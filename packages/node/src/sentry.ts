export {
  addBreadcrumb,
  type CheckIn,
  captureCheckIn,
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
export type { CaptureContext, ErrorEvent, Hint } from './errors/client.ts';
export {
  captureUserFeedback,
  configureScope,
  getClient,
  getIsolationScope,
  Handlers,
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
