import { useQuery } from '@tanstack/react-query';
import type { QueryAnswer } from '@yumops/protocol';
import { type KeyboardEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Empty, Failure, Loading } from '../../components/notice.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { formatMilliseconds, plural } from '../../format/number.ts';
import { ANALYSES } from './analyses.ts';
import { download } from './export-file.ts';
import { sqlQuery } from './logs-queries.ts';
import './sql-view.css';

/** Rows put on the page; a file has all. */
const SHOWN = 500;

/** Questions in SQL, with ready ones to begin from. What the address holds is run at once: queries only read. */
export function SqlView({ sql, run }: { sql: string; run(sql: string): void }) {
  const [given, setGiven] = useState(sql);
  const [text, setText] = useState(sql);
  if (given !== sql) {
    setGiven(sql);
    setText(sql);
  }
  const query = useQuery(sqlQuery(sql));
  const start = () => (text === sql ? void query.refetch() : run(text));
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    start();
  };
  return (
    <div className="sql">
      <Ready sql={sql} run={run} />
      <div className="sql-editor">
        <textarea
          className="input mono sql-text"
          aria-label="SQL"
          rows={Math.min(16, Math.max(6, text.split('\n').length))}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKey}
        />
        <div className="sql-actions">
          <Button look="primary" icon="play" disabled={text.trim() === '' || query.isFetching} onClick={start}>
            {query.isFetching ? 'Running…' : 'Run'}
          </Button>
          <span className="quiet">Ctrl or ⌘ Enter runs. Queries only read.</span>
        </div>
      </div>
      <div className="sql-answer">
        {query.isFetching && query.data === undefined && <Loading what="the answer" />}
        {query.error !== null && <Failure error={query.error} retry={() => void query.refetch()} />}
        {query.error === null && query.data !== undefined && <Answer answer={query.data} />}
        {sql === '' && <Empty title="The answer will be here">Choose a ready query, or write one of your own.</Empty>}
      </div>
    </div>
  );
}

function Ready({ sql, run }: { sql: string; run(sql: string): void }) {
  return (
    <ul className="sql-ready" aria-label="Ready queries">
      {ANALYSES.map((analysis) => (
        <li key={analysis.title}>
          <button
            type="button"
            className="menu-item"
            aria-pressed={analysis.sql === sql}
            onClick={() => run(analysis.sql)}
          >
            <span>
              {analysis.title}
              <span className="sql-answers">{analysis.answers}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Answer({ answer }: { answer: QueryAnswer }) {
  const { columns, rows, elapsedMs } = answer;
  const names = columns.map(({ name }) => name);
  const numeric = columns.map(({ type }) => /int|float|decimal/i.test(type));
  return (
    <>
      <header className="sql-answer-head">
        <p>
          {plural(rows.length, 'row')} in {formatMilliseconds(elapsedMs)}
          {rows.length > SHOWN && `, the first ${SHOWN} shown`}
        </p>
        <Button icon="download" onClick={() => download('query', 'csv', names, rows)}>
          CSV
        </Button>
        <Button icon="download" onClick={() => download('query', 'ndjson', names, rows)}>
          NDJSON
        </Button>
      </header>
      <ScrollRegion className="sql-table" label="Answer">
        <table>
          <thead>
            <tr>
              {columns.map(({ name, type }, index) => (
                <th key={name} scope="col" title={type} className={numeric[index] ? 'number' : ''}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, SHOWN).map((row, line) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the rows of an answer have no identity and never move
              <tr key={line}>
                {names.map((name, index) => (
                  <td key={name} className={numeric[index] ? 'number' : ''}>
                    <Value value={row[index]} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </>
  );
}

function Value({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span className="quiet">null</span>;
  if (typeof value === 'number') return value.toLocaleString('en', { maximumFractionDigits: 3 });
  return typeof value === 'object' ? <code>{JSON.stringify(value)}</code> : String(value);
}
