export { type DutyHolder, type InstanceOptions, Instances, type InstanceView, type OwnReport } from './instances.ts';
export type { InstanceRow, Pipeline } from './store.ts';
