// Log records as OpenTelemetry's own exporters encode them.
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';

const SEVERITY = { debug: 5, info: 9, warn: 13, error: 17 };
const COLUMNS = new Set(['timestamp', 'level', 'message', 'service', 'environment', 'release', 'traceId', 'spanId']);
const resource = resourceFromAttributes({
  'service.name': 'yumzoom',
  'deployment.environment.name': 'production',
  'service.version': '1.14.2',
});
const instrumentationScope = { name: 'bench' };

const recordOf = (row) => {
  const at = Date.parse(row.timestamp);
  const time = [Math.floor(at / 1_000), (at % 1_000) * 1e6];
  return {
    ...{ hrTime: time, hrTimeObserved: time, resource, instrumentationScope, body: row.message },
    ...{ severityNumber: SEVERITY[row.level], severityText: row.level.toUpperCase(), droppedAttributesCount: 0 },
    spanContext: { traceId: row.traceId, spanId: row.spanId, traceFlags: 1 },
    attributes: Object.fromEntries(Object.entries(row).filter(([name]) => !COLUMNS.has(name))),
  };
};

/** @returns the body of a request to /v1/logs */
export const otlpJson = (rows) => Buffer.from(JsonLogsSerializer.serializeRequest(rows.map(recordOf)));
/** As `otlpJson`, in protobuf. */
export const otlpProtobuf = (rows) => Buffer.from(ProtobufLogsSerializer.serializeRequest(rows.map(recordOf)));
