export { type FetchLogOptions, withFetchLog as withRequestLog } from './middleware/fetch-handler.ts';
