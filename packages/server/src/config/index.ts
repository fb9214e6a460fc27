export type { Config, LoadedConfig, Stores } from './config.ts';
