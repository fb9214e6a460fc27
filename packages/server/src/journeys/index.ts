export { createJourneyRunner } from './runner.ts';
