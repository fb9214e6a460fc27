export { type QueryClient, type QueryPool, traceQueries } from './database/trace-queries.ts';
