export { compareReleases } from './compare.ts';
export { isVital, ratingOf } from './rating.ts';
export {
  readCalls,
  readCauses,
  readFrames,
  readLoads,
  readVitals,
  readVitalsTotal,
  VITAL_DIMENSIONS,
  type VitalDimension,
  type VitalSelection,
} from './read-vitals.ts';
