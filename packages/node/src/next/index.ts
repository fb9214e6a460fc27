export { clientAddress } from './client-address.ts';
export { onRequestError, type RegisterOptions, register } from './instrumentation.ts';
export { refuseBlocked, withProxyLog } from './proxy.ts';
export { withActionLog } from './with-action-log.ts';
export { withApiLog } from './with-api-log.ts';
export { withRequestLog } from './with-request-log.ts';
