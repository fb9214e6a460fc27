/** Requests are logged once, by the instrumentation; this names the route that a handler serves. */
export { withRequestLog } from '@yumops/node/next';
