import { quoteText } from '../../../lib/sql-quote.ts';
import type { Remark } from '../finding.ts';
import { ownSchema, queryProbe } from '../probe.ts';
import { API_ROLES } from './api-roles.ts';

/** A policy of row level security. */
interface PolicyRow {
  policy: string;
  table: string;
  /** Without quotes and schema, for `pg_policies`. */
  name: string;
  permissive: boolean;
  /** `r`, `a`, `w`, `d`, or `*` for every command. */
  command: 'r' | 'a' | 'w' | 'd' | '*';
  /** Names; `public` stands for everybody. */
  roles: string[];
  /** USING and WITH CHECK as Postgres writes them. */
  using: string | null;
  check: string | null;
  /** Whether row level security is on for the table. */
  on: boolean;
  /** Whether visitors of an API in front may use the table. */
  visited: boolean;
  /** Whether accounts may be anonymous there, as far as the schema shows. */
  anonymous: boolean;
}

const SQL = (own: string) => `
  SELECT quote_ident(p.polname) AS policy, p.polname AS name, p.polrelid::regclass::text AS table,
         p.polpermissive AS permissive, p.polcmd AS command,
         ARRAY(SELECT CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r)::text END FROM unnest(p.polroles) r) AS roles,
         pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check,
         c.relrowsecurity AS on,
         EXISTS (SELECT FROM pg_roles r WHERE r.rolname IN ${API_ROLES} AND has_schema_privilege(r.oid, n.oid, 'USAGE')
                   AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')) AS visited,
         EXISTS (SELECT FROM pg_attribute a JOIN pg_class u ON u.oid = a.attrelid JOIN pg_namespace s ON s.oid = u.relnamespace
                 WHERE s.nspname = 'auth' AND u.relname = 'users' AND a.attname = 'is_anonymous') AS anonymous
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE (${own}) OR (n.nspname = 'storage' AND c.relname = 'objects')
  ORDER BY 3, 1`;

/** A call that gives the same for every row, and what stands before it. */
const CALL = /\b(?:auth\.(?:uid|jwt|role|email)\(\)|current_setting\((?:[^()']|'(?:[^']|'')*')*\))/g;
const WRAPPED = /SELECT\s*\(*\s*$/i;
const ALWAYS = /^\(*\s*(?:true|(\d+) = \1|'([^']*)'::text = '\2'::text)\s*\)*$/i;
/** What holds for whoever has not signed in. */
const SIGNED_OUT =
  /^\(?\s*(?:SELECT )?(?:auth\.(?:uid|jwt|role)\(\)|current_setting\([^()]*, true\))(?: AS \w+)?\)? IS NULL$/i;

/** Each character's place with the depth of its parentheses; what stands in quotes has none. */
function* withDepth(text: string): Generator<[place: number, depth: number]> {
  let depth = 0;
  let quote = '';
  for (let place = 0; place < text.length; place++) {
    const character = text[place] as string;
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (character === '(') depth++;
    else if (character === ')') depth--;
    yield [place, quote === '' ? depth : Number.POSITIVE_INFINITY];
  }
}

function withoutParentheses(text: string): string {
  const inner = text.trim();
  if (!inner.startsWith('(')) return inner;
  for (const [place, depth] of withDepth(inner)) {
    if (depth === 0 && place < inner.length - 1) return inner;
  }
  return withoutParentheses(inner.slice(1, -1));
}

/** The alternatives of a condition: what stands between its outermost ORs. */
function alternatives(expression: string): string[] {
  const text = withoutParentheses(expression);
  const found: string[] = [];
  let from = 0;
  for (const [place, depth] of withDepth(text)) {
    if (depth !== 0 || text.slice(place, place + 4) !== ' OR ') continue;
    found.push(text.slice(from, place));
    from = place + 4;
  }
  return [...found, text.slice(from)].map(withoutParentheses);
}

function wrapCalls(expression: string): string {
  return expression.replace(CALL, (call: string, ...rest: unknown[]) => {
    const offset = rest.find((part) => typeof part === 'number') as number;
    return WRAPPED.test(expression.slice(0, offset)) ? call : `(SELECT ${call})`;
  });
}

const show = ({ name, table }: PolicyRow) =>
  `SELECT policyname, cmd, roles, qual, with_check FROM pg_policies WHERE policyname = ${quoteText(name)} AND format('%I.%I', schemaname, tablename)::regclass = ${quoteText(table)}::regclass;`;

type Judge = (row: PolicyRow) => Omit<Remark, 'object'> | null;

/** Whether everybody, or visitors of an API, come under the policy. */
const reachesVisitors = ({ roles }: PolicyRow) =>
  roles.some((role) => role === 'public' || role === 'anon' || role === 'authenticated');

const judgeCost: Judge = (row) => {
  const [using, check] = [row.using, row.check].map((expression) => expression && wrapCalls(expression));
  if (using === row.using && check === row.check) return null;
  const clauses = [using ? ` USING (${using})` : '', check ? ` WITH CHECK (${check})` : ''].join('');
  return {
    code: 'policy_cost',
    severity: 'warning',
    message: `The policy ${row.policy} of ${row.table} asks who is signed in once for every row; inside a SELECT of its own it is asked once for the statement.`,
    fix: `ALTER POLICY ${row.policy} ON ${row.table}${clauses};`,
  };
};

const judgeMetadata: Judge = (row) => {
  if (!/user_metadata|raw_user_meta_data/.test(`${row.using} ${row.check}`)) return null;
  return {
    code: 'rls_policy',
    severity: 'critical',
    message: `The policy ${row.policy} of ${row.table} trusts user_metadata, which every user may change for themselves. Use app_metadata, or a table of your own.`,
    fix: show(row),
  };
};

const judgeAlways: Judge = (row) => {
  const open = [row.using, row.check].some((expression) => expression !== null && ALWAYS.test(expression));
  if (!open || !row.permissive || row.command === 'r' || !reachesVisitors(row)) return null;
  return {
    code: 'rls_policy',
    severity: 'warning',
    message: `The policy ${row.policy} of ${row.table} lets ${row.roles.join(', ')} write every row: its condition is always true.`,
    fix: show(row),
  };
};

const judgeNobody: Judge = (row) => {
  const either = alternatives(row.using ?? '');
  const open = either.length > 1 && either.some((alternative) => SIGNED_OUT.test(alternative));
  if (!row.permissive || !['r', '*'].includes(row.command) || !open) return null;
  const closed = row.roles.every((role) => role === 'authenticated');
  return {
    code: 'rls_policy',
    severity: closed ? 'warning' : 'critical',
    message: `The policy ${row.policy} of ${row.table} shows every row to whoever has not signed in: "… IS NULL OR …" is true for them.`,
    fix: show(row),
  };
};

/** Several may be wrong with one policy: each is a finding with a name of its own. */
const JUDGES: readonly { judge: Judge; aspect: string }[] = [
  { judge: judgeCost, aspect: '' },
  { judge: judgeMetadata, aspect: '' },
  { judge: judgeAlways, aspect: ' (always true)' },
  { judge: judgeNobody, aspect: ' (signed out)' },
];

function judgePolicies(rows: readonly PolicyRow[]): Remark[] {
  return rows.flatMap((row) =>
    JUDGES.flatMap(({ judge, aspect }) => {
      const remark = judge(row);
      return remark ? [{ ...remark, object: `${row.table}.${row.policy}${aspect}` }] : [];
    }),
  );
}

const COMMANDS = { r: 'SELECT', a: 'INSERT', w: 'UPDATE', d: 'DELETE' } as const;

/** Several permissive policies for the same role and command are all asked, and any of them lets a row through. */
function judgeSeveral(rows: readonly PolicyRow[]): Remark[] {
  return [...new Set(rows.map(({ table }) => table))].flatMap((table) => {
    const own = rows.filter((row) => row.table === table && row.permissive && row.on);
    const doubled = Object.entries(COMMANDS).flatMap(([letter, command]) => {
      const meant = own.filter((row) => row.command === letter || row.command === '*');
      const roles = [...new Set(meant.flatMap((row) => row.roles))];
      const crowded = roles.filter((role) => meant.filter((row) => row.roles.includes(role)).length > 1);
      return crowded.map((role) => `${command} by ${role}`);
    });
    if (doubled.length === 0) return [];
    return [
      {
        code: 'policy_cost',
        severity: 'info',
        object: `policies of ${table}`,
        message: `Several permissive policies of ${table} are asked for each row of ${doubled.join(', ')}; any of them lets it through. One policy with OR says the same and is asked once.`,
        fix: `SELECT policyname, cmd, roles, qual, with_check FROM pg_policies WHERE format('%I.%I', schemaname, tablename)::regclass = ${quoteText(table)}::regclass;`,
      },
    ];
  });
}

/** Anonymous accounts come as `authenticated` too. Whether they are switched on is not seen from the database. */
function judgeAnonymous(rows: readonly PolicyRow[]): Remark[] {
  const open = rows.filter(
    (row) =>
      row.anonymous &&
      row.permissive &&
      row.on &&
      row.visited &&
      row.roles.some((role) => role === 'authenticated' || role === 'public') &&
      !`${row.using} ${row.check}`.includes('is_anonymous'),
  );
  if (open.length === 0) return [];
  const names = open.slice(0, 5).map(({ policy, table }) => `${policy} of ${table}`);
  const more = open.length > 5 ? ` and ${open.length - 5} more` : '';
  return [
    {
      code: 'rls_policy',
      severity: 'info',
      object: 'anonymous sign-ins',
      message: `If anonymous sign-ins are on, ${open.length === 1 ? 'a policy lets' : 'policies let'} anonymous accounts in like any other: ${names.join(', ')}${more}.`,
      fix: "SELECT schemaname, tablename, policyname, roles, qual FROM pg_policies WHERE roles && '{authenticated,public}' AND concat(qual, with_check) NOT LIKE '%is_anonymous%';",
    },
  ];
}

const isObjects = ({ table }: PolicyRow) => table === 'storage.objects';

/** A public bucket is read by address; a policy for reading lets everybody list it as well. */
function judgeListing(rows: readonly PolicyRow[]): Remark[] {
  return rows.flatMap((row) => {
    const only = /^\(*bucket_id = '[^']*'::text\)*$/.test(row.using ?? '') || ALWAYS.test(row.using ?? '');
    if (!only || !row.permissive || !['r', '*'].includes(row.command) || !reachesVisitors(row)) return [];
    return [
      {
        code: 'exposed',
        severity: 'warning',
        object: `${row.table}.${row.policy}`,
        message: `The policy ${row.policy} of ${row.table} lets ${row.roles.join(', ')} list the files of a whole bucket. A public bucket is read by address without it.`,
        fix: `DROP POLICY ${row.policy} ON ${row.table};`,
      },
    ];
  });
}

/** Policies of row level security that let in more than they say, or that cost more than they must. */
export const policies = queryProbe<PolicyRow>({
  name: 'row level security policies',
  primaryOnly: true,
  sql: ({ profile }) => SQL(ownSchema('n.nspname', profile)),
  judge: (rows) => {
    const own = rows.filter((row) => !isObjects(row));
    return [
      ...judgePolicies(own),
      ...judgeSeveral(own),
      ...judgeAnonymous(own),
      ...judgeListing(rows.filter(isObjects)),
    ];
  },
});
