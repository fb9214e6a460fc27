import type { NotificationItem } from '@yumops/protocol';
import { NOTIFICATION_STATE } from '../../components/alert-state.ts';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { plural } from '../../format/number.ts';

export interface NotificationTableProps {
  items: readonly NotificationItem[];
  showRule?: boolean;
}

/** Messages with their receipts. */
export function NotificationTable({ items, showRule = false }: NotificationTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to take the focus to be scrolled by keyboard
    <section className="notifications" aria-label="Messages" tabIndex={0}>
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
                <State {...NOTIFICATION_STATE[item.status]} />
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
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
