import { triggers } from '../../probes/triggers.ts';
import {
  CONSTRAINT_NOUNS,
  countOf,
  readUnverified,
  type UnverifiedConstraint,
} from '../../probes/unverified-constraints.ts';
import { formatCount } from '../../units.ts';
import { done, failed, type MaintenanceAction, type PlanContext, type Planner, skipped } from '../action.ts';
import { execute, reasonOf } from '../run/execute.ts';

/** Milliseconds for one count. */
const COUNT_LIMIT = 300_000;

/** How many rows break it, or why that is not known. */
async function count({ db }: PlanContext, row: UnverifiedConstraint): Promise<number | string> {
  try {
    const [counted] = await db.query<{ count: number }>(countOf(row), { timeout: COUNT_LIMIT, withoutIndexes: true });
    return counted?.count ?? 0;
  } catch (error) {
    return reasonOf(error);
  }
}

function verify(row: UnverifiedConstraint, violations: number | string): MaintenanceAction {
  const { constraint, table, kind, source, condition } = row;
  const name = `${CONSTRAINT_NOUNS[kind]} ${constraint}`;
  const validate = `ALTER TABLE ${table} VALIDATE CONSTRAINT ${constraint};`;
  const plan = { task: 'constraints', object: `${table}.${constraint}` } as const;
  if (typeof violations === 'string') {
    const reason = `the ${name} was never verified, and the rows that break it cannot be counted`;
    return { ...plan, statement: `${countOf(row)};`, reason, before: null, perform: async () => failed(violations) };
  }
  const before = { violations };
  if (violations > 0) {
    const reason = `${violations} ${violations === 1 ? 'row breaks' : 'rows break'} the ${name}, which was never verified`;
    const error = `${formatCount(violations)} ${violations === 1 ? 'row breaks' : 'rows break'} it. Mend them, then validate it.`;
    const statement = `SELECT * FROM ${source} WHERE ${condition} LIMIT 100;`;
    return { ...plan, statement, reason, before, perform: async () => failed(error, before) };
  }
  const reason = `0 rows break the ${name}, which was never verified, so it can be validated`;
  return {
    ...plan,
    statement: validate,
    reason,
    before,
    async perform(site) {
      if (!site.settings.validateConstraints) return { ...skipped(null), after: before };
      await execute(site, validate);
      return done(before);
    },
  };
}

async function planTriggers({ db, server, settings }: PlanContext): Promise<MaintenanceAction[]> {
  const remarks = await triggers.run(db, { ...settings, server });
  return remarks.map(({ object, message, fix }) => ({
    task: 'constraints',
    object,
    statement: fix ?? '',
    reason: message,
    before: null,
    perform: async () => failed(`${message} Whether it is to be on is left to a person.`),
  }));
}

/** Constraints that were never verified, with the number of rows that break each, and triggers that are switched off. */
export const planConstraints: Planner = async (context) => {
  const actions: MaintenanceAction[] = [];
  for (const row of await readUnverified(context.db, context.settings.profile)) {
    actions.push(verify(row, await count(context, row)));
  }
  return [...actions, ...(await planTriggers(context))];
};
