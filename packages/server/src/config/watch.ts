import { statSync } from 'node:fs';
import type { Clock, Timer } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Finding } from '../lib/finding.ts';
import type { Config, LoadedConfig } from './config.ts';
import { matchFiles } from './discover.ts';
import { type LoadOptions, loadConfig, refuses } from './load.ts';

/** What a change of the files led to. */
export type Reload =
  | { kind: 'replaced'; config: Config; findings: readonly Finding[] }
  | { kind: 'kept'; reason: string; findings: readonly Finding[] };

/** Decides whether new files replace the configuration that runs: only whole, good ones do. */
export function decideReload(running: Pick<Config, 'files'>, candidate: LoadedConfig): Reload {
  const { config, findings } = candidate;
  if (!config) {
    const first = findings.find(refuses);
    const where = first ? `${first.file}:${first.line}:${first.col} ${first.code} ${first.message}` : 'it is not valid';
    return { kind: 'kept', reason: `The new configuration is refused: ${where}. The one before stays.`, findings };
  }
  if (running.files.length > 0 && config.files.length === 0) {
    return { kind: 'kept', reason: 'The configuration files are gone. The configuration of before stays.', findings };
  }
  return { kind: 'replaced', config, findings };
}

export interface WatchOptions extends LoadOptions {
  clock: Clock;
  /** What runs now, as `loadConfig` gave it. */
  loaded: LoadedConfig & { config: Config };
  /** Milliseconds between two looks, default 1,000. */
  everyMs?: number;
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${file} ${stat.ino} ${stat.size} ${stat.mtimeMs}` : `${file} gone`;
}

/** A text that changes with the files: those that were read, and those that match what is included. */
function stamp({ inputs, patterns, root }: LoadedConfig): string {
  const matches = patterns.flatMap((pattern) => matchFiles(root, pattern));
  return [...new Set([...inputs, ...matches])].map(stampOf).join('\n');
}

function reload(running: Config, options: LoadOptions): { decision: Reload; loaded?: LoadedConfig } {
  try {
    const loaded = loadConfig(options);
    return { decision: decideReload(running, loaded), loaded };
  } catch (error) {
    const reason = `The configuration cannot be read: ${messageOf(error)} The one before stays.`;
    return { decision: { kind: 'kept', reason, findings: [] } };
  }
}

/**
 * Looks at the files again and again and loads them when they have changed and then stood still for one look, so that
 * a file is not read while it is being written. It looks rather than listens because editors and volume mounts replace
 * files in ways that events miss.
 */
export function watchConfig(options: WatchOptions, onReload: (reload: Reload) => void): { stop(): void } {
  const { clock, everyMs = 1_000 } = options;
  let running = options.loaded.config;
  let watched: LoadedConfig = options.loaded;
  let known = stamp(watched);
  let seen = known;
  let timer: Timer;
  const look = () => {
    const now = stamp(watched);
    if (now !== known && now === seen) {
      const { decision, loaded } = reload(running, options);
      watched = loaded ?? watched;
      known = loaded ? stamp(watched) : now;
      if (decision.kind === 'replaced') running = decision.config;
      onReload(decision);
    }
    seen = now;
    timer = clock.after(everyMs, look);
  };
  timer = clock.after(everyMs, look);
  return { stop: () => timer.cancel() };
}
