import { type Config, formatFindings, loadConfig, refuses } from '../config/index.ts';
import type { Settings } from '../config/settings.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { Finding } from '../lib/finding.ts';

export interface UsableConfig {
  config: Config;
  findings: readonly Finding[];
}

/**
 * Loads the configuration for a start. Findings about the deployment are kept for the console; those that refuse a
 * file stop the start.
 * @param extra variables on top of the environment
 * @throws YumOpsError `config_refused`, and what loading throws
 */
export function loadUsableConfig(settings: Settings, extra: Record<string, string> = {}): UsableConfig {
  const { config, findings } = loadConfig({ path: settings.config, env: { ...settings.env, ...extra } });
  if (config) return { config, findings };
  const refusing = findings.filter(refuses);
  throw new YumOpsError('config_refused', `The configuration is refused:\n${formatFindings(refusing)}`, {
    hint: 'Mend the lines above; `yumops check` lists every finding.',
  });
}
