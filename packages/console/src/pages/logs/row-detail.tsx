import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { LogRowDetail } from '@yumops/protocol';
import { IconButton } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Instant } from '../../components/when.tsx';
import { Level } from './level.tsx';
import { rowQuery } from './logs-queries.ts';
import { termFor } from './query-text.ts';

/** How far around a line its context reaches, milliseconds. */
const CONTEXT = 60_000;
/** How far around a line the same request or trace may reach, milliseconds. */
const RELATED = 30 * 60_000;

export interface RowDetailProps {
  id: string;
  addTerm(term: string): void;
}

/** All that is known of one log line. */
export function RowDetail({ id, addTerm }: RowDetailProps) {
  const query = useQuery(rowQuery(id));
  return (
    <QueryView query={query} what="the log line" rows={8}>
      {(row) => (
        <div className="row-detail">
          <p className="row-head">
            <Level level={row.level} />
            <Instant at={row.timestamp} />
            <span className="quiet">{row.service}</span>
          </p>
          <pre className="row-message">{row.message}</pre>
          <RowLinks row={row} />
          <RowFields row={row} addTerm={addTerm} />
        </div>
      )}
    </QueryView>
  );
}

function around(row: LogRowDetail, distance: number) {
  const time = Date.parse(row.timestamp);
  return { from: new Date(time - distance).toISOString(), to: new Date(time + distance).toISOString() };
}

function RowLinks({ row }: { row: LogRowDetail }) {
  const { requestId, traceId } = row;
  return (
    <ul className="row-links">
      <li>
        <Link className="button button-normal" to="/logs" search={{ ...around(row, CONTEXT), row: row.id }}>
          Lines around it
        </Link>
      </li>
      {requestId !== null && (
        <li>
          <Link
            className="button button-normal"
            to="/logs"
            search={{ ...around(row, RELATED), q: termFor('requestId', requestId, false) }}
          >
            Same request
          </Link>
        </li>
      )}
      {traceId !== null && (
        <li>
          <Link className="button button-normal" to="/traces/$id" params={{ id: traceId }}>
            Trace
          </Link>
        </li>
      )}
      {traceId !== null && (
        <li>
          <Link
            className="button button-normal"
            to="/logs"
            search={{ ...around(row, RELATED), q: termFor('traceId', traceId, false) }}
          >
            Same trace
          </Link>
        </li>
      )}
    </ul>
  );
}

function RowFields({ row, addTerm }: { row: LogRowDetail; addTerm(term: string): void }) {
  const fields = Object.entries({ ...row.fields, ...row.attributes }).filter(
    ([name, value]) => value !== null && value !== '' && name !== 'message',
  );
  return (
    <table className="row-fields">
      <caption className="visually-hidden">Fields of the line</caption>
      <tbody>
        {fields.map(([name, value]) => (
          <tr key={name}>
            <th scope="row" className="mono">
              {name}
            </th>
            <td className="mono">{String(value)}</td>
            <td className="row-field-actions">
              <IconButton
                icon="filter-in"
                label={`Only this ${name}`}
                onClick={() => addTerm(termFor(name, String(value), false))}
              />
              <IconButton
                icon="filter-out"
                label={`Without this ${name}`}
                onClick={() => addTerm(termFor(name, String(value), true))}
              />
              <CopyButton text={String(value)} label={`Copy ${name}`} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
