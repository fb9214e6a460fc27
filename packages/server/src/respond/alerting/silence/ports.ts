import type { ChangeDeps } from '../group/change.ts';
import type { Audit } from '../ports.ts';

/** What changes of silences need. */
export interface SilenceDeps extends ChangeDeps {
  audit: Audit;
  /** Time as all instances agree on it, ms since the epoch. */
  now: () => number;
}
