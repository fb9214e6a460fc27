import type { ErrorIssueDetail, ErrorShare } from '@yumops/protocol';
import { Panel } from '../../components/panel.tsx';
import { formatPercent } from '../../format/number.ts';

/** Values of one tag that are listed. */
const SHOWN = 4;

/** How the events divide over releases, environments and tags. */
export function Shares({ issue }: { issue: ErrorIssueDetail }) {
  const parts = [
    { key: 'release', values: issue.releases },
    { key: 'environment', values: issue.environments },
    ...issue.tags,
  ].filter(({ values }) => values.length > 0);
  if (parts.length === 0) return null;
  return (
    <Panel title="In common">
      {parts.map(({ key, values }) => (
        <Share key={key} name={key} values={values} />
      ))}
    </Panel>
  );
}

function Share({ name, values }: { name: string; values: readonly ErrorShare[] }) {
  const whole = values.reduce((sum, { count }) => sum + count, 0);
  return (
    <div className="share">
      <p className="share-name">{name}</p>
      <ul>
        {values.slice(0, SHOWN).map(({ value, count }) => (
          <li key={value} className="share-row">
            <meter className="share-meter" min={0} max={whole} value={count} aria-label={`${name} ${value}`} />
            <span className="truncate">{value}</span>
            <span className="figures">{formatPercent((count / whole) * 100)}</span>
          </li>
        ))}
      </ul>
      {values.length > SHOWN && <p className="quiet">and {values.length - SHOWN} more</p>}
    </div>
  );
}
