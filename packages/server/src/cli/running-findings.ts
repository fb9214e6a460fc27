import { basename } from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { ConfigurationReport } from '../http/configuration.ts';
import { readRunFile } from '../main/run-file.ts';
import { openClient } from './client.ts';

/**
 * What the running platform of this data folder says of the configuration it uses; undefined when none runs, or when
 * another configuration is named.
 */
export async function runningFindings(settings: Settings): Promise<ConfigurationReport | undefined> {
  if (settings.config !== undefined || !(await readRunFile(settings.dataDir))) return undefined;
  const client = await openClient(settings);
  return client.get<ConfigurationReport>('/api/v1/configuration');
}

/** The main file of the configuration that the running platform of this data folder uses; undefined when none runs. */
export async function runningConfiguration(settings: Settings): Promise<string | undefined> {
  const files = (await runningFindings(settings))?.files ?? [];
  return files.find((file) => /^yumops\.ya?ml$/.test(basename(file))) ?? files[0];
}
