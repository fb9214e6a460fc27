import { YumOpsError } from '../lib/errors.ts';

/**
 * What an instance of the platform does. `ingest` takes telemetry, signals of jobs and results of agents; `worker` checks,
 * evaluates, delivers and runs jobs; `web` serves console, API and status page.
 */
export const ROLES = ['ingest', 'worker', 'web'] as const;

export type Role = (typeof ROLES)[number];

export type Roles = ReadonlySet<Role>;

function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

/**
 * Reads a list such as `ingest,web`; left out or `all` = every role.
 * @throws YumOpsError `wrong_use`
 */
export function readRoles(text: string | undefined): Roles {
  const words = (text ?? 'all').split(',').map((word) => word.trim());
  if (words.length === 1 && ['all', ''].includes(words[0] as string)) return new Set(ROLES);
  const unknown = words.find((word) => !isRole(word));
  if (unknown === undefined) return new Set(words.filter(isRole));
  throw new YumOpsError('wrong_use', `"${unknown}" is no role of an instance.`, {
    hint: `Give one or more of ${ROLES.join(', ')}, separated by commas, or all.`,
    status: 400,
  });
}
