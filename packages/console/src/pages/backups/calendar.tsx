import type { BackupItem } from '@yumops/protocol';
import { Icon, type IconName } from '../../components/icon.tsx';
import type { Tone } from '../../components/state.tsx';
import { backupLook } from './backup-look.ts';

const DAY = 86_400_000;
const WEEKS = 13;

/** The day of an instant in a zone, `2026-01-05`. */
function dayIn(instant: number, zone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(instant);
}

/** Monday of the week of a day. */
function mondayOf(day: string): number {
  const at = Date.parse(`${day}T00:00:00Z`);
  return at - ((new Date(at).getUTCDay() + 6) % 7) * DAY;
}

export interface CalendarProps {
  items: readonly BackupItem[];
  timeZone: string;
  now: number;
  open(id: string): void;
}

/** Thirteen weeks of backups, a day a cell: what was made, and what of it is kept. */
export function BackupCalendar({ items, timeZone, now, open }: CalendarProps) {
  const byDay = new Map<string, BackupItem>();
  // The newest of a day stands for it, a good one before one that failed; a one-off stands for none.
  for (const item of items.toReversed()) {
    if (item.oneOff) continue;
    const day = dayIn(Date.parse(item.started), timeZone);
    if (item.status === 'good' || byDay.get(day)?.status !== 'good') byDay.set(day, item);
  }
  const today = dayIn(now, timeZone);
  const first = mondayOf(today) - (WEEKS - 1) * 7 * DAY;
  const weeks = Array.from({ length: WEEKS }, (_, week) =>
    Array.from({ length: 7 }, (_, day) => new Date(first + (week * 7 + day) * DAY).toISOString().slice(0, 10)),
  );
  return (
    <div className="backup-calendar">
      {weeks.toReversed().map((week) => (
        <div key={week[0]} className="backup-week">
          {week.map((day) => (
            <Day key={day} day={day} item={byDay.get(day)} future={day > today} open={open} />
          ))}
        </div>
      ))}
    </div>
  );
}

/** One that was made and not proven is a plain filled cell: the usual case is the calm one. */
const ICONS: Partial<Record<Tone, IconName>> = { ok: 'ok', bad: 'bad', info: 'pending', warn: 'warn' };

interface DayProps {
  day: string;
  item: BackupItem | undefined;
  future: boolean;
  open(id: string): void;
}

function Day({ day, item, future, open }: DayProps) {
  if (!item) return <span className="backup-day" data-future={future} title={future ? day : `${day}: no backup`} />;
  const look = backupLook(item);
  const icon = ICONS[look.tone];
  const kept = item.keptFor.length === 0 ? 'the next prune deletes it' : `kept: ${item.keptFor.join(', ')}`;
  return (
    <button
      type="button"
      className={`backup-day backup-day-${look.tone}`}
      data-kept={item.keptFor.length > 0}
      aria-label={`${day}: ${look.word}, ${kept}`}
      title={`${day}: ${look.word}, ${kept}`}
      onClick={() => open(item.id)}
    >
      {icon !== undefined && <Icon name={icon} />}
    </button>
  );
}
