import type { ScalingRecommendation } from '@yumops/protocol';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { plural } from '../../format/number.ts';

/** Settings that should be other ones, with reason and cost. */
export function Recommendations({ items }: { items: readonly ScalingRecommendation[] }) {
  return (
    <Panel title="Recommended settings" {...(items.length > 0 && { note: plural(items.length, 'setting') })} flush>
      {items.length === 0 ? (
        <Empty title="Nothing to change">Nothing that was measured asks for another setting.</Empty>
      ) : (
        <ul className="advice-list">
          {items.map(({ id, title, setting, current, recommended, reason, cost, costNote }) => (
            <li key={id} className="advice">
              <strong>{title}</strong>
              <span className="advice-change">
                <code>{setting}</code> <span className="figures">{current}</span> →{' '}
                <strong className="figures">{recommended}</strong>
              </span>
              <span>{reason}</span>
              <span className="quiet">
                {cost !== null && (
                  <strong className="figures">
                    {cost.perMonth > 0 ? '+' : ''}
                    {`${cost.perMonth} ${cost.currency} a month: `}
                  </strong>
                )}
                {costNote}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
