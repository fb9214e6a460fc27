export { type ErasureReceipt, eraseSubject } from './erase.ts';
export { type ExportContents, exportState, exportTelemetry, listExport } from './export.ts';
