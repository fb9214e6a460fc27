import { formatAgo, formatZoned } from '../time/format.ts';
import { useNow } from '../time/now.ts';
import { useZone, zoneName } from '../time/zone.ts';

/** An instant on the clock of a zone, and on the viewer's clock where that reads otherwise. */
export function ZonedTime({ at, timeZone }: { at: string; timeZone: string }) {
  const viewer = zoneName(useZone());
  const now = useNow();
  const time = Date.parse(at);
  const there = formatZoned(time, timeZone);
  const here = formatZoned(time, viewer);
  const sameDay = here.slice(0, -5) === there.slice(0, -5);
  return (
    <time dateTime={at} title={`${at}, ${formatAgo(time, now)}`}>
      {there} <span className="quiet">{timeZone}</span>
      {here !== there && (
        <span className="quiet">
          {' '}
          · {sameDay ? here.slice(-5) : here} {viewer}
        </span>
      )}
    </time>
  );
}

/** From when to when on the clock of a zone, with the viewer's clock on hover. */
export function ZonedSpan({ start, end, timeZone }: { start: string; end: string; timeZone: string }) {
  const viewer = zoneName(useZone());
  const [from, to] = [Date.parse(start), Date.parse(end)];
  return (
    <span className="figures" title={`${formatZoned(from, viewer)} to ${formatZoned(to, viewer)} ${viewer}`}>
      {formatZoned(from, timeZone)} to {formatZoned(to, timeZone)} <span className="quiet">{timeZone}</span>
    </span>
  );
}
