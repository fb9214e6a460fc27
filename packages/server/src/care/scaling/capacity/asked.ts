import type { TelemetryStore } from '../../../lib/telemetry.ts';

/** A statement with its parameters. */
export interface Asked {
  sql: string;
  params: Readonly<Record<string, string | number>>;
}

/** Seconds that a reading may take. */
const LONGEST = 20;

/** The statement as a person can run it: parameters in their places, blanks joined. */
export function shown({ sql, params }: Asked): string {
  return sql
    .replace(/\{(\w+):\w+\}/g, (whole, name: string) => {
      const value = params[name];
      if (value === undefined) return whole;
      return typeof value === 'number' ? String(value) : `'${value.replace(/[\\']/g, '\\$&')}'`;
    })
    .replace(/\s+/g, ' ')
    .trim();
}

/** Asks the telemetry store. */
export function ask<Row>(telemetry: Pick<TelemetryStore, 'query'>, { sql, params }: Asked): Promise<Row[]> {
  return telemetry.query<Row>(sql, { ...params }, { maxSeconds: LONGEST });
}

/** A time as the store reads it, to the second. @param at ms since the epoch */
export function storeTime(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}
