export { readTrace, readTraceRoutes, readTraces } from './read-traces.ts';
