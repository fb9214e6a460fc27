export { requestLogger } from './middleware/koa.ts';
export type { RequestLogOptions } from './middleware/request-policy.ts';
