export { createErrors, type Errors, type ErrorsOptions } from './errors.ts';
export { type ErrorEvent, type ExceptionValue, type StackFrame, thrownOf } from './event.ts';
export { GROUPING_VERSION, type Grouping, groupEvent, isInApp } from './grouping/group.ts';
export { type GroupingRule, matchesEvent } from './grouping/rules.ts';
export { deploysBetween } from './releases/deploys-between.ts';
export { CHUNK_BYTES } from './sourcemaps/chunk-upload.ts';
export { SourceMaps } from './sourcemaps/source-maps.ts';
export { MAX_SOURCE_MAP } from './sourcemaps/store-map.ts';
