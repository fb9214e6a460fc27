import type { DrillRecord } from '../../care/backup/index.ts';
import type { Incidents } from '../../respond/incidents/index.ts';

/** What the platform is called where it acts. */
const PLATFORM = 'YumOps';

/**
 * Declares that nothing could be recovered. One incident for each drill; an instance that comes later joins it.
 * @param now milliseconds since the epoch
 */
export async function declareFailedDrill(
  incidents: Pick<Incidents, 'declare'>,
  { name, at, backup, findings }: DrillRecord,
  now: number,
): Promise<void> {
  const why = findings[0]?.message ?? 'no reason is known';
  const from = backup === '' ? '' : ` from ${backup}`;
  const declaration = {
    title: `The recovery drill of "${name}" failed`.slice(0, 200),
    severity: 'major' as const,
    summary: `Nothing usable came back${from}: ${why}`,
    source: 'platform' as const,
    key: `backup-drill:${name}:${at}`,
    labels: { backup: name },
    startedAt: Math.min(Date.parse(at), now),
  };
  await incidents.declare(declaration, { actor: PLATFORM, now });
}
