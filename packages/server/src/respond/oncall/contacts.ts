import type { Queryable } from '../../lib/db.ts';
import type { PersonalRules } from './personal-rules.ts';
import type { ContactChannel } from './resolve.ts';

/** An address that somebody has added, or confirmed. Times in ms since the epoch. */
export interface StoredMethod {
  id: string;
  person: string;
  channel: ContactChannel;
  address: string;
  /** Null = its owner has not sent the code back. */
  confirmedAt: number | null;
  createdBy: string;
  createdAt: number;
}

/** What people have said of themselves while the platform runs. */
export interface StoredContacts {
  methods: readonly StoredMethod[];
  /** By name of the person. */
  rules: Readonly<Record<string, Partial<PersonalRules>>>;
}

export const NO_CONTACTS: StoredContacts = { methods: [], rules: {} };

interface MethodRow {
  id: string;
  person: string;
  channel: ContactChannel;
  address: string;
  confirmed_at: Date | null;
  created_by: string;
  created_at: Date;
}

/** Columns of `contact_methods` without its code. */
export const METHOD_COLUMNS = 'id::text, person, channel, address, confirmed_at, created_by, created_at';

export function methodFromRow(row: MethodRow): StoredMethod {
  return {
    id: row.id,
    person: row.person,
    channel: row.channel,
    address: row.address,
    confirmedAt: row.confirmed_at?.getTime() ?? null,
    createdBy: row.created_by,
    createdAt: row.created_at.getTime(),
  };
}

/** Everything that people have said of themselves. */
export async function readContacts(db: Queryable): Promise<StoredContacts> {
  const [methods, rules] = await Promise.all([
    db.query<MethodRow>(`SELECT ${METHOD_COLUMNS} FROM contact_methods ORDER BY contact_methods.id`),
    db.query<{ person: string; rules: Partial<PersonalRules> }>('SELECT person, rules FROM contact_rules'),
  ]);
  return {
    methods: methods.map(methodFromRow),
    rules: Object.fromEntries(rules.map((row) => [row.person, row.rules])),
  };
}
