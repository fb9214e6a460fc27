export { type InstanceOptions, Instances, type InstanceView } from './instances.ts';
export type { InstanceRow, Pipeline } from './store.ts';
