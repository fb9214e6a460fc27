export { compileRestriction, compileZone, readLocal, restrictionShape } from './config.ts';
export { NO_CONTACTS } from './contacts.ts';
export { windows as localWindows } from './layer-shifts.ts';
export { createOnCall, type NewRules, type OnCall } from './oncall.ts';
export { readOverrides, type StoredOverride } from './overrides.ts';
export { type PersonalRule, type PersonalRules, ruleText } from './personal-rules.ts';
export type { ContactChange, OnCallConfig } from './ports.ts';
export { gapItems, shiftItems, situationsOf } from './read.ts';
export {
  type ContactChannel,
  type ContactTarget,
  type OnCallAnswer,
  type OnCallPlan,
  resolveOnCall,
  withOverrides,
} from './resolve.ts';
export type { Person, Restriction, Schedule, Shift } from './schedule.ts';
export { LOOK_AROUND_MS, onCallAt, shifts } from './shifts.ts';
export { intersect, type Span, unite } from './timeline.ts';
