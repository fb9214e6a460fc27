export { clientAddress } from './client-address.ts';
export { onRequestError, type RegisterOptions, register } from './instrumentation.ts';
export { withProxyLog } from './proxy.ts';
export { withRequestLog } from './with-request-log.ts';
