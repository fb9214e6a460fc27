import type { QueryAnswer } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { formatTable } from './table.ts';

/** Digits that are true of a computed double; what lies behind them is noise of its binary form. */
const TRUE_DIGITS = 12;

const show = (value: unknown): string => {
  if (value === null) return '-';
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(TRUE_DIGITS)));
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

const isNumber = (type: string) => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type);

export const query = defineCommand({
  meta: {
    name: 'yumops query',
    description: 'Run SQL over application_logs, requests, metrics, checks and outbound_calls',
  },
  args: {
    ...platformArgs,
    sql: { type: 'positional', required: true, description: 'One SELECT statement', valueHint: 'SQL' },
  },
  async run({ args }) {
    const answer = await withClient(readSettings(args), (client) =>
      client.post<QueryAnswer>('/api/v1/query', { sql: args.sql }),
    );
    if (args.json) {
      printJson(answer);
      return 0;
    }
    const columns = answer.columns.map((column, index) => ({
      heading: column.name,
      cell: (row: unknown[]) => show(row[index]),
      ...(isNumber(column.type) && { align: 'right' as const }),
    }));
    process.stdout.write(formatTable(columns, answer.rows));
    const count = answer.rows.length;
    process.stdout.write(`${count} ${count === 1 ? 'row' : 'rows'} in ${answer.elapsedMs} ms\n`);
    return 0;
  },
});
