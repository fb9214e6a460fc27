import { hostname } from 'node:os';
import { pipeline } from '../runtime/pipeline.ts';
import { shared } from '../runtime/shared.ts';
import type { RequestRecord } from './request-record.ts';

const INTERVAL = 15_000;
/** Endpoints, methods and classes of status that are told apart; what comes beyond is one. */
const MOST = 500;

interface Cell {
  labels: Record<string, string>;
  count: number;
  /** Milliseconds. */
  sum: number;
  max: number;
}

/** Rate, errors and durations of all requests, also of those that get no line. */
export class RequestMetrics {
  readonly #cells = new Map<string, Cell>();

  count({ method, endpoint, statusCode, duration }: RequestRecord): void {
    const status = `${Math.floor(statusCode / 100)}xx`;
    const key = `${method} ${endpoint} ${status}`;
    const known = this.#cells.get(key) ?? this.#open(key, { method, endpoint, status });
    known.count++;
    known.sum += duration;
    known.max = Math.max(known.max, duration);
  }

  /** Sends what was counted since the last call. */
  settle(): void {
    const { telemetry } = pipeline();
    const instance = `${hostname()}:${process.pid}`;
    for (const { labels, count, sum, max } of this.#cells.values()) {
      for (const [name, value, unit] of [
        ['http_requests', count, 'requests'],
        ['http_request_duration_avg', Math.round((1000 * sum) / count) / 1000, 'ms'],
        ['http_request_duration_max', Math.round(1000 * max) / 1000, 'ms'],
      ] as const) {
        telemetry.record('info', 'metric', name, { name, value, unit, labels: { ...labels, instance } });
      }
    }
    this.#cells.clear();
  }

  #open(key: string, labels: Record<string, string>): Cell {
    if (this.#cells.size >= MOST) {
      const other = { ...labels, endpoint: 'other' };
      const name = Object.values(other).join(' ');
      return this.#cells.get(name) ?? this.#add(name, other);
    }
    return this.#add(key, labels);
  }

  #add(key: string, labels: Record<string, string>): Cell {
    const cell = { labels, count: 0, sum: 0, max: 0 };
    this.#cells.set(key, cell);
    return cell;
  }
}

/** Those of this process, which are sent every 15 s and at its end. */
export function requestMetrics(): RequestMetrics {
  return shared('request-metrics', () => {
    const metrics = new RequestMetrics();
    pipeline().attach({ sinks: [], guard: metrics });
    setInterval(() => metrics.settle(), INTERVAL).unref();
    return metrics;
  });
}
