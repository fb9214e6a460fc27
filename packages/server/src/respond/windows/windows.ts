import type { PlannedWindow } from '@yumops/protocol';
import type { Db, Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Planned } from '../alerting/index.ts';
import { addWindow } from './add-window.ts';
import type { RawWindow } from './config.ts';
import { endWindow } from './end-window.ts';
import { windowItem } from './items.ts';
import { type PlannedSlo, plannedBy } from './planned.ts';
import { readWindows } from './stored.ts';
import type { Window, WindowKind } from './window.ts';

/** What error budgets look back on: a window of 30 days, and its history of 30 more. */
const LOOK_BACK_MS = 61 * 86_400_000;
/** Those that are over are still listed for so long. */
const LISTED_MS = 5 * 86_400_000;

/** Writes an audit row in the transaction of the change. Implemented by access. */
export type Audit = (
  tx: Queryable,
  entry: { at: number; actor: string; action: string; target: string; detail?: Record<string, unknown> },
) => Promise<void>;

/** The part of the configuration in use that windows read. */
export interface WindowsConfig {
  windows: readonly Window[];
  monitors: readonly { name: string }[];
  slos: readonly { name: string; indicator: { labels: Readonly<Record<string, string>> } }[];
}

export interface WindowsOptions {
  db: Db;
  config(): WindowsConfig;
  audit: Audit;
  /** Called after a change: what is muted may differ now. */
  changed(): Promise<void>;
}

/** Who makes a change, and when: ms since the epoch. */
export interface Change {
  actor: string;
  now: number;
}

/** Planned work and mute times, from the configuration and what was made at run time. */
export interface Windows {
  /** What is planned, for decisions at an instant. */
  planned(now: number): Promise<Planned>;
  /** Windows that were not over at `since`, those of the configuration first; ms since the epoch. */
  read(since: number): Promise<Window[]>;
  list(now: number): Promise<PlannedWindow[]>;
  /** @throws YumOpsError `invalid_window` (400) */
  add(input: RawWindow & { kind: WindowKind }, change: Change): Promise<PlannedWindow>;
  /** @throws YumOpsError `unknown_window` (404), `window_in_configuration` (409) */
  end(id: string, change: Change): Promise<void>;
}

export function createWindows(options: WindowsOptions): Windows {
  const { db } = options;
  const slos = (): PlannedSlo[] => options.config().slos.map(({ name, indicator: { labels } }) => ({ name, labels }));
  const read = async (since: number) => [...options.config().windows, ...(await readWindows(db, since))];
  return {
    planned: async (now) => plannedBy(await read(now - LOOK_BACK_MS), slos()),
    read,
    list: async (now) => (await read(now - LISTED_MS)).map((window) => windowItem(window, now)),
    async add(input, change) {
      const window = await addWindow(options, input, change);
      await options.changed();
      return windowItem(window, change.now);
    },
    async end(id, change) {
      if (options.config().windows.some((window) => window.id === id)) {
        const message = `The window ${id} stands in the configuration.`;
        throw new YumOpsError('window_in_configuration', message, { hint: 'Remove it from its file.', status: 409 });
      }
      await endWindow(options, id, change);
      await options.changed();
    },
  };
}
