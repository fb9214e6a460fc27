import { readFile, stat } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { codeOf } from '../../../../lib/errors.ts';
import type { TelemetryStore } from '../../../../lib/telemetry.ts';
import { type ScanCheck, unseenFor } from '../../check.ts';
import type { Found } from '../../finding.ts';
import { type SearchedFile, searchFile } from './config-files.ts';
import { searchLogs } from './stored-logs.ts';

export interface SecretsConfig {
  /** The folder that paths count from. */
  root: string;
  /** Files of the configuration, as full paths. */
  files: readonly string[];
  /** Further files, as written. */
  more: readonly string[];
  logSample: number;
}

const LARGEST = 4 * 1024 * 1024;

/** Secrets where they do not belong: in configuration files and in stored logs. */
export function secretsCheck(config: () => SecretsConfig, telemetry: Pick<TelemetryStore, 'query'>): ScanCheck {
  return {
    name: 'secrets',
    title: 'Secrets',
    kinds: ['weekly', 'monthly'],
    async run({ now, signal }) {
      const { root, files, more, logSample } = config();
      const named = [...files, ...more.map((path) => resolve(root, path))];
      const paths = [...new Set([...named, resolve(root, '.env')])];
      const read = await Promise.all(paths.map((path) => readSearched(root, path, named.includes(path))));
      const findings: Found[] = read.flatMap((file) => ('text' in file ? searchFile(file) : file.findings));
      const looked = [`${read.filter((file) => 'text' in file).length} files`];
      try {
        const logs = await searchLogs(telemetry, logSample, now, signal);
        findings.push(...logs.findings);
        looked.push(`${logs.sampled} of ${logs.records} log records of the last 7 days`);
      } catch (error) {
        signal.throwIfAborted();
        findings.push(unseenFor('stored logs', 'Stored logs were not searched for secrets', error));
      }
      return { findings, looked: `${looked.join(' and ')}.` };
    },
  };
}

async function readSearched(
  root: string,
  path: string,
  isNamed: boolean,
): Promise<SearchedFile | { findings: Found[] }> {
  const name = relative(root, path).startsWith('..') ? path : relative(root, path);
  try {
    const { size, mode } = await stat(path);
    if (size > LARGEST) throw new Error('it is larger than 4 MB');
    const isForSecrets = /^\.env(?:\..+)?$/.test(basename(path));
    return { path: name, text: await readFile(path, 'utf8'), mode, isForSecrets };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !isNamed) return { findings: [] };
    return { findings: [unseenFor(name, `${name} was not searched for secrets`, error)] };
  }
}
