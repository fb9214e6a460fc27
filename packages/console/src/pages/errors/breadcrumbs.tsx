import type { ErrorBreadcrumb, ErrorEventDetail } from '@yumops/protocol';
import { Panel } from '../../components/panel.tsx';
import { formatMilliseconds, plural } from '../../format/number.ts';

/** What happened before the error, the nearest first. */
export function Breadcrumbs({ event }: { event: ErrorEventDetail }) {
  const { breadcrumbs } = event;
  if (breadcrumbs.length === 0) return null;
  const at = Date.parse(event.timestamp);
  return (
    <Panel title="What came before" note={plural(breadcrumbs.length, 'step')} flush>
      <ol className="crumbs">
        {breadcrumbs.toReversed().map((crumb, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: steps have no identity of their own
          <li key={index} className="crumb">
            <span className="crumb-before figures">{beforeOf(crumb, at)}</span>
            <span className="crumb-kind">{crumb.category ?? crumb.type ?? 'step'}</span>
            <span className="crumb-text">{textOf(crumb)}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function beforeOf({ timestamp }: ErrorBreadcrumb, at: number): string {
  const time = typeof timestamp === 'number' ? timestamp * 1_000 : Date.parse(timestamp ?? '');
  return Number.isFinite(time) ? `−${formatMilliseconds(Math.max(0, at - time))}` : '';
}

function textOf({ message, data }: ErrorBreadcrumb): string {
  const details = data === undefined || Object.keys(data).length === 0 ? '' : JSON.stringify(data);
  return [message, details].filter(Boolean).join(' ');
}
