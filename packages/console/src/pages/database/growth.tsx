import type { TableStatus } from '@yumops/protocol';
import { State } from '../../components/state.tsx';
import { formatBytes, plural, UNKNOWN } from '../../format/number.ts';

type Growing = Pick<TableStatus, 'growthPerDay' | 'fullInDays'>;

/** Within so many days a full disk is worth a colour. */
const SOON = 30;
const FAR = 1_000;

/** `+12 MB`; growth is known after a day of watching. */
export function formatGrowth(bytes: number | null): string {
  if (bytes === null) return UNKNOWN;
  return bytes > 0 ? `+${formatBytes(bytes)}` : formatBytes(bytes);
}

export function formatDaysLeft({ growthPerDay, fullInDays }: Growing): string {
  if (fullInDays !== null)
    return fullInDays >= FAR ? `over ${plural(FAR, 'day')}` : plural(Math.floor(fullInDays), 'day');
  return growthPerDay !== null && growthPerDay <= 0 ? 'does not grow' : UNKNOWN;
}

export function DaysLeft({ of }: { of: Growing }) {
  if (of.fullInDays !== null && of.fullInDays < SOON) return <State tone="warn" word={formatDaysLeft(of)} />;
  return <span className={of.fullInDays === null ? 'quiet' : undefined}>{formatDaysLeft(of)}</span>;
}

export function GrowthHeadings() {
  return (
    <>
      <th className="number">A day</th>
      <th className="number" title="when it alone would have filled the disk">
        Fills the disk in
      </th>
    </>
  );
}

export function GrowthCells({ of }: { of: Growing }) {
  return (
    <>
      <td className="number">{formatGrowth(of.growthPerDay)}</td>
      <td className="number">
        <DaysLeft of={of} />
      </td>
    </>
  );
}
