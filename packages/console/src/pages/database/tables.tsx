import { useQuery } from '@tanstack/react-query';
import type { TableStatus } from '@yumops/protocol';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { When } from '../../components/when.tsx';
import { formatBytes, formatCount, plural, UNKNOWN } from '../../format/number.ts';
import { tablesQuery } from './database-queries.ts';
import { GrowthCells, GrowthHeadings } from './growth.tsx';

/** The largest tables, with what waits in them. */
export function Tables({ database }: { database: string }) {
  const query = useQuery(tablesQuery(database));
  return (
    <QueryView query={query} what="the tables" rows={8}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="There are no tables">Tables of the app will be here, the largest first.</Empty>
        ) : (
          <Panel title="Tables" note={`${plural(items.length, 'table')}, the largest first`} flush>
            <List items={items} />
          </Panel>
        )
      }
    </QueryView>
  );
}

function List({ items }: { items: readonly TableStatus[] }) {
  return (
    <ScrollRegion className="database-scroll" label="Table of tables">
      <table>
        <thead>
          <tr>
            <th>Table</th>
            <th className="number">Size</th>
            <GrowthHeadings />
            <th className="number">of it indexes</th>
            <th className="number">Rows</th>
            <th className="number">Dead rows</th>
            <th className="number">Index scans</th>
            <th className="number">Whole scans</th>
            <th>Vacuumed</th>
            <th>Analyzed</th>
          </tr>
        </thead>
        <tbody>
          {items.map((table) => (
            <tr key={table.table}>
              <td className="mono">{table.table}</td>
              <td className="number">{formatBytes(table.bytes)}</td>
              <GrowthCells of={table} />
              <td className="number">{formatBytes(table.indexBytes)}</td>
              <td className="number">{table.rows === null ? UNKNOWN : formatCount(table.rows)}</td>
              <td className="number">{formatCount(table.deadRows)}</td>
              <td className="number">{formatCount(table.indexScans)}</td>
              <td className="number">{formatCount(table.sequentialScans)}</td>
              <td>{table.lastVacuum === null ? 'never' : <When at={table.lastVacuum} />}</td>
              <td>{table.lastAnalyze === null ? 'never' : <When at={table.lastAnalyze} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
