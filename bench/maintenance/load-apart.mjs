import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./load-process.mjs', import.meta.url));

/** The load in a process of its own, as the app is one: what the runner of maintenance computes does not count as a wait. */
export class LoadApart {
  #child;

  /** @param {{ url: string, people: { restaurants: number[], users: number[] }, rate: number }} settings */
  constructor(settings) {
    this.#child = fork(PROGRAM, { env: { ...process.env, LOAD: JSON.stringify(settings) } });
  }

  /** Samples since the last time, as `Load.take` gives them. */
  async take() {
    const answer = once(this.#child, 'message');
    this.#child.send('take');
    const [taken] = await answer;
    return taken;
  }

  async stop() {
    const ended = once(this.#child, 'exit');
    this.#child.send('stop');
    await ended;
  }
}
