import { type Config, type Reload, watchConfig } from '../config/index.ts';
import type { ConfigurationReport } from '../http/configuration.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { loadUsableConfig } from './config.ts';

/** The configuration that runs, which follows its files. */
export interface LiveConfig {
  readonly current: Config;
  /** Findings of the files as they are now that are errors. */
  errors(): number;
  /** The files in use, and what is to be said about the files as they are now. */
  report(): ConfigurationReport;
  /** Why the files as they are now do not run; null when they do. */
  refusal(): string | null;
  /** Looks at the files from now on and calls `use` with every good new version. */
  follow(use: (config: Config) => void): void;
  stop(): void;
}

export interface LiveConfigOptions {
  path: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Applied to every version before it is used. */
  adapt(config: Config): Config;
  clock: Clock;
  log: Log;
}

/**
 * Loads the configuration and holds it; a bad file never replaces a good one.
 * @throws YumOpsError `config_refused`, and what loading throws
 */
export function liveConfig(options: LiveConfigOptions): LiveConfig {
  const { path, env, adapt, clock, log } = options;
  const loaded = loadUsableConfig(path, env);
  let current = adapt(loaded.config);
  let findings = loaded.findings;
  let refusal: string | null = null;
  let loadedAt = clock.now();
  let watcher: { stop(): void } | undefined;

  const take = (reload: Reload, use: (config: Config) => void) => {
    findings = reload.findings;
    if (reload.kind === 'kept') {
      refusal = reload.reason;
      log.error(reload.reason);
      return;
    }
    refusal = null;
    current = adapt(reload.config);
    loadedAt = clock.now();
    log.info('the configuration was reloaded', { files: current.files.length });
    use(current);
  };

  return {
    get current() {
      return current;
    },
    errors: () => findings.filter(({ severity }) => severity === 'error').length,
    report: () => ({
      root: current.root,
      files: current.files,
      loadedAt: new Date(loadedAt).toISOString(),
      findings,
      refusal,
    }),
    refusal: () => refusal,
    follow(use) {
      watcher = watchConfig({ path, env, clock, loaded }, (reload) => take(reload, use));
    },
    stop: () => watcher?.stop(),
  };
}
