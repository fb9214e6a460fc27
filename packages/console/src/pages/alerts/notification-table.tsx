import type { NotificationItem } from '@yumops/protocol';
import { NOTIFICATION_STATE } from '../../components/alert-state.ts';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { State } from '../../components/state.tsx';
import { Instant, When } from '../../components/when.tsx';
import { plural } from '../../format/number.ts';

export interface NotificationTableProps {
  items: readonly NotificationItem[];
  showRule?: boolean;
}

/** What became of a message; a vendor that took it may not have reached anybody. */
function Fate({ item: { status, report } }: { item: NotificationItem }) {
  const look = report !== null && UNREACHED.has(report) ? NOT_REACHED : NOTIFICATION_STATE[status];
  return (
    <>
      <State {...look} />
      {report !== null && <span className="notification-report">{report}</span>}
    </>
  );
}

const UNREACHED: ReadonlySet<string> = new Set(['undelivered', 'failed', 'busy', 'no-answer', 'canceled']);
const NOT_REACHED = { tone: 'bad', word: 'Not reached' } as const;

/** A message that could leave now is not held up. */
function waits(at: string): boolean {
  return Date.parse(at) > Date.now() + 2_000;
}

/** Messages with their receipts. */
export function NotificationTable({ items, showRule = false }: NotificationTableProps) {
  return (
    <ScrollRegion className="notifications" label="Messages">
      <table>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">To</th>
            {showRule && <th scope="col">Rule</th>}
            <th scope="col">Message</th>
            <th scope="col">Why</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.id}>
              <td>
                <Fate item={item} />
              </td>
              <td className="notification-target">
                {item.channel} <span className="quiet">{item.target}</span>
              </td>
              {showRule && <td>{item.rule}</td>}
              <td>
                {item.kind}
                {item.step > 0 && <span className="quiet">, step {item.step}</span>}
              </td>
              <td className="notification-why">
                {item.reason}
                {item.attempts > 1 && <span className="quiet"> · {plural(item.attempts, 'attempt')}</span>}
                {item.lastError !== null && <span className="notification-error">{item.lastError}</span>}
              </td>
              <td className="notification-when">
                <Instant at={item.sentAt ?? item.createdAt} />
                {item.nextAttemptAt !== null && item.status !== 'queued' && (
                  <span className="quiet">
                    {' '}
                    again <When at={item.nextAttemptAt} />
                  </span>
                )}
                {item.status === 'queued' && item.nextAttemptAt !== null && waits(item.nextAttemptAt) && (
                  <span className="quiet">
                    {' '}
                    throttled, leaves <When at={item.nextAttemptAt} />
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
