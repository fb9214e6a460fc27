import { pipeline } from '../runtime/pipeline.ts';

export interface MetricOptions {
  unit?: string;
  attributes?: Record<string, unknown>;
}

function point(name: string, value: number, { unit, attributes }: MetricOptions = {}): void {
  if (!Number.isFinite(value)) return;
  pipeline().telemetry.record('info', 'metric', String(name), { name, value, unit, labels: attributes });
}

/** Metrics of the application by the names of Sentry's; they go to `YUMOPS_URL` with the logs, and stand in `metrics`. */
export const metrics = {
  count: (name: string, value = 1, options?: MetricOptions) => point(name, value, options),
  gauge: point,
  distribution: point,
};
