export { type ErrorEvent, type ExceptionValue, type StackFrame, thrownOf } from './event.ts';
export { GROUPING_VERSION, type Grouping, groupEvent, isInApp } from './grouping/group.ts';
export { type GroupingRule, matchesEvent } from './grouping/rules.ts';
export { SourceMaps } from './sourcemaps/source-maps.ts';
