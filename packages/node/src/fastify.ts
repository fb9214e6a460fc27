export { requestLogger } from './middleware/fastify.ts';
export type { RequestLogOptions } from './middleware/request-policy.ts';
