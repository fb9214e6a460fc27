export { daysToFill, fillDerived } from './fill-derived.ts';
export { readBusiness, readErrorRate, readSecurity } from './read-analyses.ts';
export { readEndpoints } from './read-endpoints.ts';
export { readFunnel } from './read-funnel.ts';
export type { AnalysisSelection } from './steps.ts';
