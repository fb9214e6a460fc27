import { codeOf, messageOf } from '../../lib/errors.ts';
import { quoteText } from '../../lib/sql-quote.ts';
import { explainGeneric, statementTextSql } from './explain.ts';
import type { SuggestedIndex } from './index-advice.ts';
import type { MonitoredDatabase } from './monitored-database.ts';
import type { ServerFacts } from './server-facts.ts';

/** What the planner says about an index that does not exist. */
export type IndexTrial =
  /** Costs of the whole statement, in the planner's unit. */
  | { kind: 'asked'; before: number; after: number; used: boolean }
  | { kind: 'failed'; why: string }
  | { kind: 'not installed' };

interface Plan {
  'Total Cost': number;
  'Index Name'?: string;
  Plans?: Plan[];
}

interface PlanRow {
  'QUERY PLAN': [{ Plan: Plan }];
}

/** Whether a plan reads a hypothetical index: hypopg names those `<oid>method_table_column`. */
function readsHypothetical({ 'Index Name': name, Plans = [] }: Plan): boolean {
  return name?.startsWith('<') === true || Plans.some(readsHypothetical);
}

/**
 * Asks the planner, by the extension hypopg, what a statement would cost with an index. Nothing is built and nothing is
 * run: a hypothetical index is known to this session alone, and it is forgotten at once.
 */
export async function tryIndex(db: MonitoredDatabase, server: ServerFacts, index: SuggestedIndex): Promise<IndexTrial> {
  const { hypopgSchema: schema, statementsSchema, version } = server;
  if (schema === null || statementsSchema === null) return { kind: 'not installed' };
  const forget = `DO $yumops$ BEGIN PERFORM ${schema}.hypopg_reset(); END $yumops$`;
  try {
    const [row] = await db.query<{ query: string }>(statementTextSql(statementsSchema, index.id));
    if (!row) return { kind: 'failed', why: 'the statement is counted no more' };
    const explain = explainGeneric(row.query, version, 'json');
    const make = `DO $yumops$ BEGIN PERFORM ${schema}.hypopg_create_index(${quoteText(index.statement.replace(' CONCURRENTLY', '').replace(/;$/, ''))}); END $yumops$`;
    const plan = async (sql: string) => (await db.query<PlanRow>(sql, { ownNames: true }))[0]?.['QUERY PLAN'][0].Plan;
    const before = await plan(explain);
    const after = await plan([make, explain, forget].join(';\n'));
    if (!before || !after) return { kind: 'failed', why: 'it gave no plan' };
    return { kind: 'asked', before: before['Total Cost'], after: after['Total Cost'], used: readsHypothetical(after) };
  } catch (error) {
    if (codeOf(error) === 'database_unavailable') throw error;
    // Where it may not be called, nothing was made that is to be forgotten.
    await db.query(forget).catch(() => undefined);
    return { kind: 'failed', why: messageOf(error) };
  }
}
