import { loadConfig } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import type { ConfigurationReport } from '../http/configuration.ts';
import { YumOpsError } from '../lib/errors.ts';
import { readRunFile } from '../main/run-file.ts';
import { openClient } from './client.ts';

/** The configuration that counts now. */
export interface InUse {
  /** The folder that its files lie in. */
  root: string;
  files: readonly string[];
  /** In words. */
  where: string;
  /** Asks the running platform again; null where none runs. */
  ask: (() => Promise<ConfigurationReport>) | null;
}

/**
 * What the running platform of this data folder uses, else the files that are named.
 * @throws YumOpsError `no_configuration` where there is neither
 */
export async function configurationInUse(settings: Settings): Promise<InUse> {
  const named = settings.config === undefined ? undefined : loadConfig({ path: settings.config, env: settings.env });
  const running = (await readRunFile(settings.dataDir)) ? await ofPlatform(settings) : undefined;
  if (running && (named === undefined || named.root === running.root)) return running;
  if (named) return { root: named.root, files: named.files, where: named.root, ask: null };
  throw new YumOpsError('no_configuration', 'No platform runs, and no configuration in use is named.', {
    hint: 'Start the platform, or name the folder that it is started with by --config or YUMOPS_CONFIG.',
    status: 400,
  });
}

async function ofPlatform(settings: Settings): Promise<InUse> {
  const client = await openClient(settings);
  const ask = () => client.get<ConfigurationReport>('/api/v1/configuration');
  const { root, files } = await ask();
  return { root, files, where: `what the running platform uses (${root})`, ask };
}
