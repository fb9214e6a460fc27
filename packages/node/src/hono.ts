export type { FetchLogOptions } from './middleware/fetch-handler.ts';
export { requestLogger } from './middleware/hono.ts';
