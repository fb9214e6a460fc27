import type { FileHandle } from 'node:fs/promises';
import { open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../../lib/atomic-file.ts';
import type { Episode } from '../episode.ts';
import type { GroupState, Message, TimelineEntry, Timer } from '../group/state.ts';
import type { Instance } from '../instance.ts';

/** A group of alerts as it was decided without the state store, with what led there. */
export interface OutageRecord {
  key: string;
  anchorAt: number | null;
  alerts: readonly Episode[];
  timers: readonly Timer[];
  messages: readonly Message[];
  timeline: readonly TimelineEntry[];
  instances: readonly Instance[];
}

/** What was decided while the state store was away, in order. It survives the end of the process. */
export interface OutageSpool {
  /** Resolves when the record is on disk. */
  append(record: OutageRecord): Promise<void>;
  read(): Promise<OutageRecord[]>;
  /** Forgets everything. */
  clear(): Promise<void>;
}

export function toRecord(
  state: GroupState,
  timeline: readonly TimelineEntry[],
  instances: readonly Instance[],
): OutageRecord {
  const { key, anchorAt } = state;
  const [alerts, timers, messages] = [state.alerts, state.timers, state.messages].map((map) => [...map.values()]) as [
    Episode[],
    Timer[],
    Message[],
  ];
  return { key, anchorAt, alerts, timers, messages, timeline, instances };
}

/** An append-only file, one record a line. A line that a crash cut short never had an effect. */
export class FileOutageSpool implements OutageSpool {
  readonly #path: string;
  #file: FileHandle | null = null;
  #last: Promise<void> = Promise.resolve();

  /** @param path of the file; its folder exists */
  constructor(path: string) {
    this.#path = path;
  }

  append(record: OutageRecord): Promise<void> {
    const written = this.#last.then(() => this.#write(`${JSON.stringify(record)}\n`));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async read(): Promise<OutageRecord[]> {
    await this.#last;
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as OutageRecord);
  }

  async clear(): Promise<void> {
    await this.#last;
    await this.#file?.close();
    this.#file = null;
    await rm(this.#path, { force: true });
  }

  async #write(line: string): Promise<void> {
    if (!this.#file) {
      this.#file = await open(this.#path, 'a', 0o600);
      await syncFolder(dirname(this.#path));
    }
    await this.#file.appendFile(line);
    await this.#file.datasync();
  }
}
