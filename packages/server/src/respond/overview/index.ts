export { readSignals, requestsOf } from './signals.ts';
export { drawVerdict, type Evidence, type Verdict } from './verdict.ts';
