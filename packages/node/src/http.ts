export { withRequestLog } from './middleware/node-http.ts';
export type { RequestLogOptions } from './middleware/request-policy.ts';
export { type GracefulStopOptions, stopGracefully, stopOnSignals } from './runtime/graceful-stop.ts';
