import { randomHex } from '../../../lib/random.ts';

/** Runs that are remembered; of one that is forgotten the end stands beside the beginning. */
const MOST_OPEN = 10_000;

/** Gives ids to the runs of jobs that tell of themselves by calls without one. */
export class OpenRuns {
  readonly #open = new Map<string, string>();

  /**
   * A call that says `in_progress` begins a run, and the next call of the job that says how it ended belongs to it.
   * @param job names the job within the installation
   * @returns 32 hex digits, another id for each run
   */
  idOf(job: string, status: string): string {
    const begun = this.#open.get(job);
    this.#open.delete(job);
    if (status !== 'in_progress') return begun ?? randomHex(16);
    const id = randomHex(16);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size < MOST_OPEN) break;
      this.#open.delete(oldest);
    }
    this.#open.set(job, id);
    return id;
  }
}
