import { ownSchema, queryProbe } from '../probe.ts';

interface TriggerRow {
  trigger: string;
  table: string;
  /** The foreign key that the trigger enforces, if it does. */
  constraint: string | null;
}

const SQL = (own: string) => `
  SELECT quote_ident(t.tgname) AS trigger, t.tgrelid::regclass::text AS table,
         (SELECT quote_ident(k.conname) FROM pg_constraint k WHERE k.oid = t.tgconstraint AND t.tgisinternal) AS constraint
  FROM pg_trigger t
  JOIN pg_class c ON c.oid = t.tgrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE t.tgenabled = 'D' AND t.tgparentid = 0 AND ${own}
  ORDER BY 2, 1`;

/** Triggers that are switched off, among them those that keep foreign keys. */
export const triggers = queryProbe<TriggerRow>({
  name: 'triggers',
  primaryOnly: true,
  sql: (context) => SQL(ownSchema('n.nspname', context.profile)),
  judge: (rows) =>
    rows.map(({ trigger, table, constraint }) => ({
      code: 'disabled_trigger',
      severity: 'warning',
      object: `${table}.${trigger}`,
      message:
        constraint === null
          ? `The trigger ${trigger} of ${table} is switched off.`
          : `The foreign key ${constraint} is not enforced: its trigger on ${table} is switched off. Rows that broke it meanwhile stay.`,
      fix: `ALTER TABLE ${table} ENABLE TRIGGER ${trigger};`,
    })),
});
