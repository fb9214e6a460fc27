import { LOG_FACETS, type LogFields } from '@yumops/protocol';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { fieldSource } from './fields.ts';
import { newestPart, type Search } from './newest.ts';

/** The newest records that are looked at, or a few more. */
const ROWS = 50_000;
const VALUES = 10;
const LONGEST_VALUE = 200;

interface Count {
  value: string | number | null;
  count: number;
}

/** Fields of the newest records of a search, with their commonest values. */
export async function readFields(store: Pick<TelemetryStore, 'query'>, search: Search): Promise<LogFields> {
  const where = search.where(await newestPart(store, search, ROWS));
  const columns = store.query<Record<string, string | number | null> & { sets: number; count: number }>(
    // One column of each row belongs to its set: the one whose bit is not set. Empty values are left out below.
    `SELECT GROUPING(${LOG_FACETS.join(', ')}) AS sets, ${LOG_FACETS.join(', ')}, count() AS count FROM logs WHERE ${where.sql}
     GROUP BY GROUPING SETS (${LOG_FACETS.map((name) => `(${name})`).join(', ')})
     ORDER BY sets, count DESC, ${LOG_FACETS.join(', ')} LIMIT ${VALUES + 1} BY sets`,
    where.params,
    search.limits,
  );
  const attributes = store.query<{ name: string; value: string; count: number }>(
    `SELECT name, substringUTF8(full, 1, ${LONGEST_VALUE}) AS value, count() AS count
     FROM (SELECT attributes FROM logs WHERE ${where.sql})
     ARRAY JOIN mapKeys(attributes) AS name, mapValues(attributes) AS full
     WHERE value != '' GROUP BY name, value ORDER BY name, count DESC, value LIMIT ${VALUES} BY name LIMIT 2000`,
    where.params,
    search.limits,
  );
  const [ofColumns, ofAttributes] = await Promise.all([columns, attributes]);
  const fields = new Map<string, Count[]>();
  const add = (name: string, { value, count }: Count) => {
    const values = fields.get(name) ?? [];
    if (value !== '' && value !== null && values.length < VALUES) fields.set(name, [...values, { value, count }]);
  };
  for (const row of ofColumns) {
    const name = LOG_FACETS[LOG_FACETS.findIndex((_, at) => (row.sets & (1 << (LOG_FACETS.length - 1 - at))) === 0)];
    if (name !== undefined) add(name, { value: row[name] ?? null, count: row.count });
  }
  for (const { name, ...counted } of ofAttributes) add(attributeName(name), counted);
  return {
    fields: [...fields]
      .map(([name, values]) => ({
        name,
        values: values.map(({ value, count }) => ({ value: String(value), count })),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** An attribute's own name where no column has it. */
function attributeName(key: string): string {
  return fieldSource(key).kind === 'attribute' ? key : `attributes.${key}`;
}
