export { type BlockListOptions, refuseBlocked } from './middleware/block-list.ts';
export { requestLogger } from './middleware/express.ts';
export type { RequestLogOptions } from './middleware/request-policy.ts';
