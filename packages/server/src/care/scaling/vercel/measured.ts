import { minimatch } from 'minimatch';
import { DEFAULT_MAX_DURATION } from './facts.ts';
import { answers, type RouteFile } from './routes.ts';

/** What the request log says of a route. */
export interface RouteLoad {
  /** Template of the address. */
  endpoint: string;
  requests: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  slowest: number;
}

/** The highest memory use of a service against its limit, percent. */
export interface MemoryLoad {
  service: string;
  percent: number;
  samples: number;
}

/** Requests below which a percentile says nothing about a limit. */
export const LEAST_REQUESTS = 100;

/** An item of `functions`, as far as it is judged here. */
export interface FunctionSettings {
  maxDuration?: number | 'max';
  memory?: number;
}

/** What stands for a file: the first pattern that matches it, as Vercel's builders choose it; null = none. */
export function patternFor(patterns: readonly string[], file: string): string | null {
  return patterns.find((pattern) => pattern === file || minimatch(file, pattern)) ?? null;
}

/** What was measured of the routes of one file. */
export interface FileLoad extends RouteLoad {
  file: string;
  /** The pattern of `functions` that holds for it; null = none. */
  pattern: string | null;
  /** Seconds; the default where no pattern says it. */
  maxDuration: number;
}

/** Joins the request log with the files that answer it. Routes that no file answers are left out. */
export function loadsOfFiles(
  files: readonly RouteFile[],
  routes: readonly RouteLoad[],
  functions: Readonly<Record<string, FunctionSettings>>,
  most: number,
): FileLoad[] {
  const patterns = Object.keys(functions);
  return routes.flatMap((load) => {
    // The most exact of several: one without a variable segment.
    const found = files.filter(({ route }) => answers(route, load.endpoint));
    const file = (found.find(({ route }) => route === load.endpoint) ?? found[0])?.file;
    if (file === undefined) return [];
    const pattern = patternFor(patterns, file);
    const written = pattern === null ? undefined : functions[pattern]?.maxDuration;
    const maxDuration = written === 'max' ? most : (written ?? Math.min(DEFAULT_MAX_DURATION, most));
    return [{ ...load, file, pattern, maxDuration }];
  });
}
