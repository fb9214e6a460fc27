import { basename } from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { ConfigurationReport } from '../http/configuration.ts';
import { readRunFile } from '../main/run-file.ts';
import { openClient } from './client.ts';

/**
 * What the running platform of this data folder says of the configuration it uses; undefined when none runs, or when
 * another configuration is named.
 */
export async function runningFindings(
  settings: Settings,
  signal?: AbortSignal,
): Promise<ConfigurationReport | undefined> {
  if (settings.config !== undefined || !(await readRunFile(settings.dataDir))) return undefined;
  const client = await openClient(settings);
  return client.get<ConfigurationReport>('/api/v1/configuration', undefined, signal);
}

/**
 * Where the configuration lies that counts for a command: the one that is named, else what the running platform of this
 * data folder uses, else undefined = the working folder.
 */
export async function configurationPath(settings: Settings, signal?: AbortSignal): Promise<string | undefined> {
  if (settings.config !== undefined) return settings.config;
  const running = await runningFindings(settings, signal);
  if (!running || running.files.length === 0) return undefined;
  const [only, ...others] = running.files;
  const main = running.files.find((file) => /^yumops\.ya?ml$/.test(basename(file)));
  return main ?? (others.length === 0 ? only : running.root);
}
