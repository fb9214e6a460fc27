import { useQuery } from '@tanstack/react-query';
import type { Loss, Losses, RefusedRecord } from '@yumops/protocol';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { When } from '../../components/when.tsx';
import { formatCount, plural } from '../../format/number.ts';
import { usePageTime } from '../../time/page-time.tsx';
import { lossesQuery } from './errors-queries.ts';
import { reasonText } from './loss-reason.ts';
import './losses-view.css';

/** What applications could not send, and what came and was not taken. */
export function LossesView() {
  const { span } = usePageTime();
  const query = useQuery(lossesQuery(span));
  return (
    <QueryView query={query} what="what was not received" rows={6}>
      {(losses) => <Found losses={losses} />}
    </QueryView>
  );
}

function Found({ losses: { items, refused } }: { losses: Losses }) {
  if (items.length === 0 && refused.length === 0) {
    return (
      <Empty title="Nothing was lost">
        <p>No SDK told of something that it could not send, and nothing that came was refused.</p>
      </Empty>
    );
  }
  const of = (by: Loss['by']) => items.filter((item) => item.by === by);
  return (
    <>
      <Counts title="Not sent by applications" items={of('client')} none="No SDK told of a loss." />
      <Counts title="Came and was not taken" items={of('server')} none="Everything that came was taken." />
      {refused.length > 0 && <Refused records={refused} />}
    </>
  );
}

function Counts({ title, items, none }: { title: string; items: readonly Loss[]; none: string }) {
  const total = items.reduce((sum, { quantity }) => sum + quantity, 0);
  return (
    <Panel title={title} note={formatCount(total)} flush>
      {items.length === 0 ? (
        <p className="losses-none quiet">{none}</p>
      ) : (
        <div className="release-scroll">
          <table className="release-table losses-table">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Why</th>
                <th scope="col" className="error-figure">
                  How many
                </th>
                <th scope="col">Last</th>
              </tr>
            </thead>
            <tbody>
              {items.map(({ category, reason, quantity, lastAt }) => (
                <tr key={`${category} ${reason}`}>
                  <th scope="row">{category}</th>
                  <td className="losses-why">
                    {reasonText(reason)} <code className="mono quiet">{reason}</code>
                  </td>
                  <td className="error-figure figures">{formatCount(quantity)}</td>
                  <td className="quiet">
                    <When at={lastAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function Refused({ records }: { records: readonly RefusedRecord[] }) {
  return (
    <Panel title="The newest that were refused" note={plural(records.length, 'record')} flush>
      <ul className="losses-refused">
        {records.map(({ at, source, line, message, record }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two records may be alike in everything.
          <li key={index}>
            <p>
              {message}{' '}
              <span className="quiet">
                {line === null ? source : `${source}, line ${line}`}, <When at={at} />
              </span>
            </p>
            {record !== '' && <pre className="mono">{record}</pre>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
