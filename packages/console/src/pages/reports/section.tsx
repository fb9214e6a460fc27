import type { ReportChange, ReportChart, ReportFigure, ReportSection, ReportTable } from '@yumops/protocol';
import { TimeChart } from '../../charts/time-chart.tsx';
import { HrefLink } from '../../components/href-link.tsx';
import { Panel } from '../../components/panel.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { State } from '../../components/state.tsx';
import { glued, UNKNOWN } from '../../format/number.ts';
import { DIRECTIONS, told } from './report-look.ts';

/** A section of a report; one that is unknown says why and shows no number. */
export function ReportSectionView({ section }: { section: ReportSection }) {
  const { title, state, note, figures, changes, charts, tables } = section;
  if (state === 'unknown') {
    return (
      <Panel title={title}>
        <p className="report-unknown">
          <State tone="unknown" word="Unknown" /> <span className="quiet">{note}</span>
        </p>
      </Panel>
    );
  }
  const drawn = charts.filter(({ values }) => values.some((value) => value !== null));
  return (
    <Panel title={title}>
      <div className="report-section">
        {note !== null && <p className="quiet">{note}</p>}
        {figures.length > 0 && <Figures figures={figures} />}
        <Changes changes={changes} />
        {drawn.length > 0 && (
          <div className="report-charts">
            {drawn.map((chart) => (
              <Chart key={chart.title} chart={chart} />
            ))}
          </div>
        )}
        {tables.map((table) => (
          <Table key={table.title} table={table} />
        ))}
      </div>
    </Panel>
  );
}

function Figures({ figures }: { figures: readonly ReportFigure[] }) {
  return (
    <ul className="report-figures">
      {figures.map(({ label, value, unit, before, href, note }) => (
        <li key={label}>
          <HrefLink href={href} className="report-figure">
            <span className="quiet">{label}</span>
            <strong className="figures" data-unknown={value === null}>
              {told(value, unit)}
            </strong>
          </HrefLink>
          {before !== undefined && <span className="quiet figures">before {told(before, unit)}</span>}
          {note !== undefined && <span className="quiet">{note}</span>}
        </li>
      ))}
    </ul>
  );
}

function Changes({ changes }: { changes: readonly ReportChange[] }) {
  if (changes.length === 0) return <p className="quiet">No change beyond what chance explains.</p>;
  return (
    <ul className="report-changes">
      {changes.map(({ direction, text, rule, sample, href }) => (
        <li key={text}>
          <State {...DIRECTIONS[direction]} look="badge" />
          <span>
            <HrefLink href={href}>{glued(text)}</HrefLink>{' '}
            <span className="quiet">
              by the rule “{rule}”, {sample}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Chart({ chart: { title, unit, from, stepMs, values, before, href } }: { chart: ReportChart }) {
  const start = Date.parse(from);
  const known = values.filter((value) => value !== null);
  const format = (value: number) => told(value, unit);
  return (
    <div className="report-chart">
      <TimeChart
        title={title}
        summary={`At most ${format(Math.max(...known))}, at least ${format(Math.min(...known))}.`}
        kind="lines"
        height={140}
        times={values.map((_, index) => start + index * stepMs)}
        series={[
          { label: 'now', token: 'series-1', values },
          ...(before === null ? [] : [{ label: 'before', token: 'series-5', values: before }]),
        ]}
        format={format}
      />
      <HrefLink href={href} className="report-source">
        Source of {title}
      </HrefLink>
    </div>
  );
}

function Table({ table: { title, columns, rows, more } }: { table: ReportTable }) {
  if (rows.length === 0) return null;
  const number = (index: number) => (columns[index]?.unit === null ? undefined : 'number figures');
  return (
    <div className="report-table">
      <h3>{title}</h3>
      <ScrollRegion className="report-scroll" label={title}>
        <table>
          <thead>
            <tr>
              {columns.map(({ label }, index) => (
                <th key={label} scope="col" className={number(index)}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ href, cells }) => (
              <tr key={`${href} ${cells[0]}`}>
                {cells.map((cell, index) => {
                  const column = columns[index];
                  const text = typeof cell === 'number' ? told(cell, column?.unit ?? null) : (cell ?? UNKNOWN);
                  return index === 0 ? (
                    <th key={column?.label} scope="row">
                      <HrefLink href={href}>{text}</HrefLink>
                    </th>
                  ) : (
                    <td key={column?.label} className={number(index)} data-unknown={cell === null}>
                      {text}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {more > 0 && <p className="quiet">{more} more</p>}
    </div>
  );
}
