import { basename } from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { ConfigurationReport } from '../http/configuration.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { readRunFile } from '../main/run-file.ts';
import { openClient } from './client.ts';

/** Milliseconds that the platform has to say what it uses. */
const ANSWER_LIMIT = 5_000;

/**
 * What the running platform of this data folder says of the configuration it uses; undefined when none runs, or when
 * another configuration is named.
 * @param limitMs that it has to answer in
 * @throws YumOpsError `platform_unreachable`, also when it does not answer
 */
export async function runningFindings(
  settings: Settings,
  limitMs = ANSWER_LIMIT,
): Promise<ConfigurationReport | undefined> {
  if (settings.config !== undefined || !(await readRunFile(settings.dataDir))) return undefined;
  const client = await openClient(settings);
  return client.get<ConfigurationReport>('/api/v1/configuration', undefined, AbortSignal.timeout(limitMs));
}

/**
 * Where the configuration lies that counts for a command: the one that is named, else what the running platform of this
 * data folder uses, else undefined = the working folder. It is that of the working folder, which is said, where the
 * platform does not answer: one that hangs keeps nobody from what it is not needed for.
 */
export async function configurationPath(settings: Settings, limitMs?: number): Promise<string | undefined> {
  if (settings.config !== undefined) return settings.config;
  const running = await runningFindings(settings, limitMs).catch((error: unknown) => {
    const log = createLog(systemClock, (line) => process.stderr.write(line), settings.logLevel);
    log.warn('The platform does not say which configuration it uses; that of the working folder is read', {
      problem: messageOf(error),
    });
    return undefined;
  });
  if (!running || running.files.length === 0) return undefined;
  const [only, ...others] = running.files;
  const main = running.files.find((file) => /^yumops\.ya?ml$/.test(basename(file)));
  return main ?? (others.length === 0 ? only : running.root);
}
