import { formatAt } from '../format.ts';
import { REPORT_KINDS, type Span } from '../period.ts';
import { pageOf, type SectionSource } from '../section.ts';
import type { NamedDeploy } from './requests.ts';

const SHOWN = 20;

/** Deploys that were told of, and releases whose first event came in. */
export function deploySection(deps: { deploys(from: number, to: number): Promise<NamedDeploy[]> }): SectionSource {
  const read = ({ from, to }: Span) => deps.deploys(from, to);
  return {
    key: 'deploys',
    title: 'Deploys',
    kinds: REPORT_KINDS,
    async read(period) {
      const [now, before] = await Promise.all([read(period), read(period.before)]);
      if (now.length === 0 && before.length === 0) {
        return {
          unknown: 'No deploy was told of: `POST /api/v1/releases/VERSION/deploys`, or a release in what is sent.',
        };
      }
      const href = '/errors?view=releases';
      return {
        figures: [{ label: 'Releases', value: now.length, unit: 'count', before: before.length, href }],
        tables: [
          {
            title: 'What came out',
            columns: ['Release', 'To', 'When'].map((label) => ({ label, unit: null })),
            rows: [...now]
              .reverse()
              .slice(0, SHOWN)
              .map(({ version, environment, at }) => ({
                href: pageOf('/errors', { release: version }, period),
                cells: [version, environment ?? 'first seen', formatAt(at, period.timeZone)],
              })),
            more: Math.max(0, now.length - SHOWN),
          },
        ],
      };
    },
  };
}
