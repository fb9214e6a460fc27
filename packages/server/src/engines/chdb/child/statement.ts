import { clickhouseTokens } from '../../../lib/clickhouse-tokens.ts';
import { engineError } from './engine-error.ts';

export interface StatementShape {
  /** First word in upper case, behind comments and opening parentheses; empty for an empty statement. */
  verb: string;
  /** The format named by a trailing `FORMAT x`, if any. */
  format?: string;
}

/** Formats whose chunks can be joined: a row is a line and nothing stands before, between or after. */
const LINE_FORMATS = new Set([
  'JSONEachRow',
  'JSONStringsEachRow',
  'JSONCompactEachRow',
  'JSONCompactStringsEachRow',
  'NDJSON',
  'JSONLines',
  'CSV',
  'TSV',
  'TabSeparated',
  'TSVRaw',
  'TabSeparatedRaw',
]);

const READING_VERBS = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS', 'CHECK']);

/** True when the engine can give the result chunk by chunk and the chunks can be joined. */
export function isStreamable(verb: string, format: string): boolean {
  return (verb === 'SELECT' || verb === 'WITH') && LINE_FORMATS.has(format);
}

/** True for statements that change nothing and may share the readers' lane. */
export function isReading(verb: string): boolean {
  return READING_VERBS.has(verb);
}

/**
 * Finds the verb and the format of one statement without parsing it.
 * @throws {EngineError} 62 when there is a second statement: the engine would run both, a ClickHouse server refuses
 */
export function shapeOf(sql: string): StatementShape {
  const shape: StatementShape = { verb: '' };
  let previous = '';
  let ended = false;
  for (const { kind, text } of clickhouseTokens(sql)) {
    if (kind === 'gap') continue;
    if (text === ';') {
      ended = true;
      continue;
    }
    if (ended) throw engineError(62, 'SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed)');
    if (shape.verb === '' && text !== '(') shape.verb = text.toUpperCase();
    if (previous === 'FORMAT' && kind === 'word') shape.format = text;
    previous = text.toUpperCase();
  }
  return shape;
}
