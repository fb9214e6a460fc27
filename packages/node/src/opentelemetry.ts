export { type ExportedLog, type ExportResult, YumOpsLogRecordExporter } from './bridges/opentelemetry.ts';
