import { useQuery } from '@tanstack/react-query';
import type { IndexStatus } from '@yumops/protocol';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { State } from '../../components/state.tsx';
import { formatBytes, formatCount, plural } from '../../format/number.ts';
import { indexesQuery } from './database-queries.ts';
import { GrowthCells, GrowthHeadings } from './growth.tsx';

/** The largest indexes, and how often they are read. */
export function Indexes({ database }: { database: string }) {
  const query = useQuery(indexesQuery(database));
  return (
    <QueryView query={query} what="the indexes" rows={8}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="There are no indexes">Indexes of the app will be here, the largest first.</Empty>
        ) : (
          <Panel title="Indexes" note={`${plural(items.length, 'index', 'indexes')}, the largest first`} flush>
            <List items={items} />
          </Panel>
        )
      }
    </QueryView>
  );
}

function kindOf({ primary, unique }: IndexStatus): string {
  if (primary) return 'primary key';
  return unique ? 'unique' : '';
}

function List({ items }: { items: readonly IndexStatus[] }) {
  return (
    <ScrollRegion className="database-scroll" label="Table of indexes">
      <table>
        <thead>
          <tr>
            <th>Index</th>
            <th>Table</th>
            <th className="number">Size</th>
            <GrowthHeadings />
            <th className="number">Scans</th>
            <th>Kind</th>
            <th>State</th>
          </tr>
        </thead>
        <tbody>
          {items.map((index) => (
            <tr key={index.index}>
              <td className="mono" title={index.definition}>
                {index.index}
              </td>
              <td className="mono">{index.table}</td>
              <td className="number">{formatBytes(index.bytes)}</td>
              <GrowthCells of={index} />
              <td className="number">{formatCount(index.scans)}</td>
              <td>{kindOf(index)}</td>
              <td>
                {!index.valid && <State tone="warn" word="not valid" />}
                {index.valid && index.scans === 0 && !index.unique && <span className="quiet">not read yet</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
