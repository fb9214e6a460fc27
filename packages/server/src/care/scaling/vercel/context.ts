import type { ConfiguredJob } from './cron.ts';
import type { Plan } from './facts.ts';
import type { MemoryLoad, RouteLoad } from './measured.ts';
import type { RouteFile } from './routes.ts';

/** What a file is judged by. */
export interface VercelContext {
  plan: Plan;
  /** The functions of the project; null = the project is not here, and nothing is said about files. */
  files: readonly RouteFile[] | null;
  /** Jobs of the configuration. */
  jobs: readonly ConfiguredJob[];
  /** Null = nothing was measured, or nobody was asked. */
  measured: { routes: readonly RouteLoad[]; memory: readonly MemoryLoad[] } | null;
  /** Ms since the epoch. */
  now: number;
}
