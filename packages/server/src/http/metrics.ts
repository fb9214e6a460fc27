import type { FastifyInstance } from 'fastify';
import {
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
} from 'prom-client';
import type { MetricFamily } from '../care/scaling/index.ts';
import type { Guard } from './access.ts';

export interface MetricsDeps {
  guard: Guard;
  /** Whether anybody may read them. */
  open(): boolean;
  /** What the platform and the application do at the moment. */
  families(): Promise<readonly MetricFamily[]>;
  version: string;
}

/** Seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const OPEN_METRICS = /\bapplication\/openmetrics-text\b/;

/** Requests to this instance, counted from its start. */
function countRequests(app: FastifyInstance, registry: Registry) {
  const registers = [registry];
  const flying = new Gauge({
    name: 'yumops_http_requests_in_flight',
    help: 'Requests that this instance answers now',
    registers,
  });
  const duration = new Histogram({
    name: 'yumops_http_request_duration_seconds',
    help: 'Time until this instance had answered, by class of status',
    labelNames: ['status'],
    buckets: BUCKETS,
    registers,
  });
  app.addHook('onRequest', async (request) => {
    flying.inc();
    // Not when it was answered: a reader who hangs up ends it too.
    request.raw.once('close', () => flying.dec());
  });
  app.addHook('onResponse', async (_request, reply) => {
    duration.observe({ status: `${Math.floor(reply.statusCode / 100)}xx` }, reply.elapsedTime / 1_000);
  });
}

/** One answer's values, in a registry of their own: series that are no more would otherwise stay. */
function registryOf(families: readonly MetricFamily[]): Registry {
  const registry = new Registry();
  for (const { name, help, type, samples } of families) {
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
    const configuration = { name, help, labelNames, registers: [registry] };
    if (type === 'counter') {
      const counter = new Counter(configuration);
      for (const { labels, value } of samples) counter.inc({ ...labels }, value);
    } else {
      const gauge = new Gauge(configuration);
      for (const { labels, value } of samples) gauge.set({ ...labels }, value);
    }
  }
  return registry;
}

/** `GET /metrics` in the text format of Prometheus, or OpenMetrics where it is asked for. */
export function metricsRoutes(app: FastifyInstance, { guard, open, families, version }: MetricsDeps): void {
  const own = new Registry();
  countRequests(app, own);
  const build = new Gauge({
    name: 'yumops_build_info',
    help: 'The release that runs',
    labelNames: ['version', 'node'],
    registers: [own],
  });
  build.set({ version, node: process.version }, 1);
  const closed = guard('viewer');
  const onRequest = Object.assign(
    async function (this: FastifyInstance, ...[request, reply]: Parameters<typeof closed>) {
      if (!open()) await (closed as (...args: unknown[]) => Promise<void>).call(this, request, reply);
    },
    { role: 'viewer' as const },
  );
  const schema = { summary: 'Metrics for Prometheus and autoscalers', tags: ['scaling'], produces: ['text/plain'] };
  app.get('/metrics', { onRequest, schema }, async (request, reply) => {
    const merged: Registry<PrometheusContentType | OpenMetricsContentType> = Registry.merge([
      own,
      registryOf(await families()),
    ]);
    const type = OPEN_METRICS.test(request.headers.accept ?? '')
      ? Registry.OPENMETRICS_CONTENT_TYPE
      : Registry.PROMETHEUS_CONTENT_TYPE;
    merged.setContentType(type);
    return reply
      .header('content-type', type)
      .header('cache-control', 'no-store')
      .send(await merged.metrics());
  });
}
