import { getRouteApi } from '@tanstack/react-router';
import type { CapacityFigure } from '@yumops/protocol';
import { Fragment } from 'react';
import { Command } from '../../components/command.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { formatUnit } from './scaling-look.ts';

const route = getRouteApi('/console/scaling');

const GROUPS: readonly [group: CapacityFigure['group'], title: string][] = [
  ['traffic', 'Traffic'],
  ['database', 'Database'],
  ['connections', 'Connections'],
  ['disk', 'Disk'],
  ['telemetry', 'Telemetry'],
  ['backups', 'Backups'],
];

/** Every measured number, with its sample and the statement that gave it. */
export function Figures({ figures }: { figures: readonly CapacityFigure[] }) {
  const { figure: open } = route.useSearch();
  if (figures.length === 0) {
    return (
      <Panel title="Measured figures">
        <Empty title="Nothing was measured yet">
          Only what was measured is shown here, each number with its query.
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel title="Measured figures" note="each with its sample and its query" flush>
      <ScrollRegion label="Table of measured figures">
        <table className="figure-table">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Of</th>
              <th scope="col" className="number">
                Value
              </th>
              <th scope="col" className="number">
                Sample
              </th>
              <th scope="col">Query</th>
            </tr>
          </thead>
          {GROUPS.map(([group, title]) => (
            <Group key={group} title={title} items={figures.filter((one) => one.group === group)} open={open} />
          ))}
        </table>
      </ScrollRegion>
    </Panel>
  );
}

function Group({ title, items, open }: { title: string; items: readonly CapacityFigure[]; open: string | undefined }) {
  if (items.length === 0) return null;
  return (
    <tbody>
      <tr className="figure-group">
        <th scope="rowgroup" colSpan={5}>
          {title}
        </th>
      </tr>
      {items.map((item) => (
        <Fragment key={item.id}>
          <tr>
            <th scope="row">{item.label}</th>
            <td className="figure-of">{item.of}</td>
            <td className="number figures">{formatUnit(item.value, item.unit)}</td>
            <td className="number figures">{item.samples.toLocaleString('en')}</td>
            <td>
              <route.Link
                to="."
                search={(old: object) => ({ ...old, figure: open === item.id ? undefined : item.id })}
                resetScroll={false}
                aria-expanded={open === item.id}
                aria-label={`${open === item.id ? 'hide' : 'show'} the query of ${item.label} ${item.of}`}
              >
                {open === item.id ? 'hide' : 'show'}
              </route.Link>
            </td>
          </tr>
          {open === item.id && (
            <tr>
              <td colSpan={5}>
                <Command line={item.query} what="query" />
              </td>
            </tr>
          )}
        </Fragment>
      ))}
    </tbody>
  );
}
