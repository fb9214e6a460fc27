export { type Config, type LoadedConfig, RETENTION_DAYS, type RetentionClass, type Stores } from './config.ts';
export { formatFindings, formatSummary } from './format.ts';
export { type LoadOptions, loadConfig, refuses } from './load.ts';
export { type LoadedScenario, loadScenario } from './scenario.ts';
export { decideReload, type Reload, type WatchOptions, watchConfig } from './watch.ts';
