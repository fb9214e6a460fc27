import { formatAgo, formatInstant, formatMoment } from '../time/format.ts';
import { useNow } from '../time/now.ts';
import { useZone, zoneName } from '../time/zone.ts';

/** How long ago an instant was, with the exact time on hover. */
export function When({ at }: { at: string | number }) {
  const now = useNow();
  const zone = useZone();
  const time = typeof at === 'number' ? at : Date.parse(at);
  return (
    <time dateTime={new Date(time).toISOString()} title={`${formatInstant(time, zone)} ${zoneName(zone)}`}>
      {formatAgo(time, now)}
    </time>
  );
}

/** An exact instant, with its age on hover. */
export function Instant({ at }: { at: string | number }) {
  const zone = useZone();
  const time = typeof at === 'number' ? at : Date.parse(at);
  return (
    <time
      dateTime={new Date(time).toISOString()}
      title={`${formatInstant(time, zone)} ${zoneName(zone)}, ${formatAgo(time, Date.now())}`}
    >
      {formatMoment(time, Date.now(), zone)}
    </time>
  );
}
