export { daysToFill, fillRollup } from './fill-rollup.ts';
export { readBusiness, readEndpoints, readErrorRate, readSecurity } from './read-analyses.ts';
export { type FunnelSelection, readFunnel } from './read-funnel.ts';
export type { AnalysisSelection } from './steps.ts';
