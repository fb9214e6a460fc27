import protobuf from 'protobufjs';

const field = (type: string, id: number) => ({ type, id });
const list = (type: string, id: number) => ({ rule: 'repeated', type, id });

/**
 * What is read of OpenTelemetry's messages (opentelemetry-proto 1.x, numbers of fields as published). Fields that are
 * left out are skipped by the decoder.
 */
const root = protobuf.Root.fromJSON({
  nested: {
    AnyValue: {
      fields: {
        stringValue: field('string', 1),
        boolValue: field('bool', 2),
        intValue: field('int64', 3),
        doubleValue: field('double', 4),
        arrayValue: field('ArrayValue', 5),
        kvlistValue: field('KeyValueList', 6),
        bytesValue: field('bytes', 7),
      },
      oneofs: {
        value: {
          oneof: ['stringValue', 'boolValue', 'intValue', 'doubleValue', 'arrayValue', 'kvlistValue', 'bytesValue'],
        },
      },
    },
    ArrayValue: { fields: { values: list('AnyValue', 1) } },
    KeyValueList: { fields: { values: list('KeyValue', 1) } },
    KeyValue: { fields: { key: field('string', 1), value: field('AnyValue', 2) } },
    Resource: { fields: { attributes: list('KeyValue', 1) } },
    InstrumentationScope: { fields: { name: field('string', 1), version: field('string', 2) } },

    logs: { fields: { resourceLogs: list('ResourceLogs', 1) } },
    ResourceLogs: { fields: { resource: field('Resource', 1), scopeLogs: list('ScopeLogs', 2) } },
    ScopeLogs: { fields: { scope: field('InstrumentationScope', 1), logRecords: list('LogRecord', 2) } },
    LogRecord: {
      fields: {
        timeUnixNano: field('fixed64', 1),
        severityNumber: field('int32', 2),
        severityText: field('string', 3),
        body: field('AnyValue', 5),
        attributes: list('KeyValue', 6),
        traceId: field('bytes', 9),
        spanId: field('bytes', 10),
        observedTimeUnixNano: field('fixed64', 11),
        eventName: field('string', 12),
      },
    },

    traces: { fields: { resourceSpans: list('ResourceSpans', 1) } },
    ResourceSpans: { fields: { resource: field('Resource', 1), scopeSpans: list('ScopeSpans', 2) } },
    ScopeSpans: { fields: { scope: field('InstrumentationScope', 1), spans: list('Span', 2) } },
    Span: {
      fields: {
        traceId: field('bytes', 1),
        spanId: field('bytes', 2),
        parentSpanId: field('bytes', 4),
        name: field('string', 5),
        kind: field('int32', 6),
        startTimeUnixNano: field('fixed64', 7),
        endTimeUnixNano: field('fixed64', 8),
        attributes: list('KeyValue', 9),
        events: list('SpanEvent', 11),
        links: list('SpanLink', 13),
        status: field('SpanStatus', 15),
      },
    },
    SpanEvent: {
      fields: { timeUnixNano: field('fixed64', 1), name: field('string', 2), attributes: list('KeyValue', 3) },
    },
    SpanLink: {
      fields: { traceId: field('bytes', 1), spanId: field('bytes', 2), attributes: list('KeyValue', 4) },
    },
    SpanStatus: { fields: { message: field('string', 2), code: field('int32', 3) } },

    metrics: { fields: { resourceMetrics: list('ResourceMetrics', 1) } },
    ResourceMetrics: { fields: { resource: field('Resource', 1), scopeMetrics: list('ScopeMetrics', 2) } },
    ScopeMetrics: { fields: { scope: field('InstrumentationScope', 1), metrics: list('Metric', 2) } },
    Metric: {
      fields: {
        name: field('string', 1),
        unit: field('string', 3),
        gauge: field('Points', 5),
        sum: field('Points', 7),
        histogram: field('Points', 9),
        exponentialHistogram: field('Points', 10),
        summary: field('Points', 11),
      },
    },
    // One message for five kinds: the numbers of the fields that are read differ only inside of the points.
    Points: {
      fields: {
        dataPoints: list('bytes', 1),
        aggregationTemporality: field('int32', 2),
        isMonotonic: field('bool', 3),
      },
    },
    NumberPoint: {
      fields: {
        timeUnixNano: field('fixed64', 3),
        asDouble: field('double', 4),
        asInt: field('sfixed64', 6),
        attributes: list('KeyValue', 7),
        flags: field('uint32', 8),
      },
      oneofs: { value: { oneof: ['asDouble', 'asInt'] } },
    },
    HistogramPoint: {
      fields: {
        timeUnixNano: field('fixed64', 3),
        count: field('fixed64', 4),
        sum: field('double', 5),
        attributes: list('KeyValue', 9),
        flags: field('uint32', 10),
      },
      oneofs: { _sum: { oneof: ['sum'] } },
    },
    ExponentialPoint: {
      fields: {
        attributes: list('KeyValue', 1),
        timeUnixNano: field('fixed64', 3),
        count: field('fixed64', 4),
        sum: field('double', 5),
        flags: field('uint32', 10),
      },
      oneofs: { _sum: { oneof: ['sum'] } },
    },
    SummaryPoint: {
      fields: {
        timeUnixNano: field('fixed64', 3),
        count: field('fixed64', 4),
        sum: field('double', 5),
        attributes: list('KeyValue', 7),
        flags: field('uint32', 8),
      },
    },

    PartialSuccess: { fields: { rejected: field('int64', 1), errorMessage: field('string', 2) } },
    ExportResponse: { fields: { partialSuccess: field('PartialSuccess', 1) } },
    Status: { fields: { code: field('int32', 1), message: field('string', 2) } },
  },
});

/** A message of the schema by name. */
export function messageType(name: string): protobuf.Type {
  return root.lookupType(name);
}
