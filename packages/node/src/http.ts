export { withRequestLog } from './middleware/node-http.ts';
export type { RequestLogOptions } from './middleware/request-logger.ts';
export { type GracefulStopOptions, stopGracefully, stopOnSignals } from './runtime/graceful-stop.ts';
