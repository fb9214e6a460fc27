export { readTrace, readTraceRoutes, readTraces, type TraceSelection } from './read-traces.ts';
