export { type ConnectedTelemetry, connectTelemetry } from './connect.ts';
export { type FrozenTelemetry, freezeTelemetry } from './frozen.ts';
export { type MigrateTelemetryOptions, migrateTelemetry } from './migrate.ts';
export { clickhouseCode } from './telemetry-error.ts';
