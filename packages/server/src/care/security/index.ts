export { isNetwork } from './address.ts';
export { addBlock, liftRestriction, type NewBlock } from './change-restriction.ts';
export { DETECTION_CODES } from './detection.ts';
export type { SecurityOptions } from './ports.ts';
export { countAttacks, getDetection, listDetections } from './read-detections.ts';
export { type EventSelection, readEvents, readSeries, readSources } from './read-events.ts';
export type { StoredRestriction } from './restriction.ts';
export type { RestrictionList } from './restrictions.ts';
export { SecurityWatch } from './security.ts';
