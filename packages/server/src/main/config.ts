import { type Config, formatFindings, type LoadedConfig, loadConfig, refuses } from '../config/index.ts';
import { YumOpsError } from '../lib/errors.ts';

/** A loaded configuration that nothing refuses. */
export type UsableConfig = LoadedConfig & { config: Config };

/**
 * Loads the configuration for a start. Findings about the deployment are kept for the console; those that refuse a
 * file stop the start.
 * @throws YumOpsError `config_refused`, and what loading throws
 */
export function loadUsableConfig(
  path: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): UsableConfig {
  const loaded = loadConfig({ path, env });
  const { config, findings } = loaded;
  if (config) return { ...loaded, config };
  throw new YumOpsError(
    'config_refused',
    `The configuration is refused:\n${formatFindings(findings.filter(refuses))}`,
    {
      hint: 'Mend the lines above; `yumops check` lists every finding.',
    },
  );
}
