import type { Remark } from '../finding.ts';
import { ownSchema, queryProbe } from '../probe.ts';
import { API_ROLES, notOfExtension, visitorsOf } from './api-roles.ts';

interface ExposureRow {
  lint: 'no_policy' | 'auth_users' | 'definer_view' | 'relation' | 'queue' | 'graphql' | 'function' | 'extension';
  object: string;
  /** The roles of visitors, or the schema of an extension. */
  detail: string;
  /** As SQL calls it. */
  kind: string;
  /** Of what is counted together. */
  count: number;
}

const KIND = `CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END`;

/** Views that are built on the accounts of Supabase Auth, directly or through other views. */
const ON_ACCOUNTS = `
  c.oid IN (
    WITH RECURSIVE above AS (
      SELECT w.ev_class AS view FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
      WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass('auth.users')
      UNION
      SELECT w.ev_class FROM above a JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.view
        AND d.classid = 'pg_rewrite'::regclass JOIN pg_rewrite w ON w.oid = d.objid
    ) SELECT view FROM above)`;

const RELATIONS = (own: string) => `
  SELECT 'no_policy' AS lint, c.oid::regclass::text AS object, '' AS detail, 'table' AS kind, 1 AS count
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${own} AND c.relkind IN ('r', 'p') AND c.relrowsecurity AND NOT EXISTS (SELECT FROM pg_policy y WHERE y.polrelid = c.oid)
    AND ${visitorsOf('c.oid', 'n.oid')} IS NOT NULL AND ${notOfExtension('pg_class', 'c.oid')}
  UNION ALL
  SELECT CASE WHEN ${ON_ACCOUNTS} THEN 'auth_users' WHEN c.relkind = 'v' THEN 'definer_view' ELSE 'relation' END,
         c.oid::regclass::text, v.visitors, ${KIND}, 1
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT ${visitorsOf('c.oid', 'n.oid')} AS visitors) v
  WHERE ${own} AND c.relkind IN ('v', 'm', 'f') AND v.visitors IS NOT NULL AND ${notOfExtension('pg_class', 'c.oid')}
    AND (c.relkind <> 'v' OR NOT EXISTS (SELECT FROM unnest(c.reloptions) o WHERE o ~* '^security_invoker=(on|true|yes|1)$'))`;

const HOSTED = (own: string) => `
  SELECT 'queue', c.oid::regclass::text, v.visitors, 'table', 1
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT ${visitorsOf('c.oid', 'n.oid', 'SELECT, INSERT, UPDATE, DELETE')} AS visitors) v
  WHERE n.nspname = 'pgmq' AND c.relname ~ '^[qa]_' AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity AND v.visitors IS NOT NULL
    -- Others are told of like any table.
    AND NOT ${notOfExtension('pg_class', 'c.oid')}
  UNION ALL
  SELECT 'graphql', quote_ident(r.rolname), string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid::regclass::text), 'role', count(*)::int
  FROM pg_roles r CROSS JOIN pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE r.rolname IN ${API_ROLES} AND ${own} AND c.relkind IN ('r', 'v', 'm', 'f')
    AND EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_graphql') AND ${notOfExtension('pg_class', 'c.oid')}
    AND has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_table_privilege(r.oid, c.oid, 'SELECT')
  GROUP BY r.rolname
  UNION ALL
  SELECT 'function', p.oid::regprocedure::text, string_agg(quote_ident(r.rolname), ', ' ORDER BY r.rolname), 'function', 1
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.rolname IN ${API_ROLES}
  WHERE ${own} AND p.prosecdef AND p.prokind IN ('f', 'p') AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
    AND has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
    -- What everybody may run is told of as such.
    AND NOT EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
                    WHERE g.grantee = 0 AND g.privilege_type = 'EXECUTE')
    AND ${notOfExtension('pg_proc', 'p.oid')}
  GROUP BY p.oid
  UNION ALL
  SELECT 'extension', quote_ident(e.extname), quote_ident(n.nspname), CASE WHEN e.extrelocatable THEN 'relocatable' ELSE '' END, 1
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE n.nspname = 'public'
    -- Everybody may use the schema by default; that an API shows it is seen from what its roles may read there.
    AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v')
                  AND ${visitorsOf('c.oid', 'n.oid')} IS NOT NULL AND ${notOfExtension('pg_class', 'c.oid')})`;

type Judge = (row: ExposureRow) => Omit<Remark, 'object'>;

const JUDGES: Record<ExposureRow['lint'], Judge> = {
  no_policy: ({ object }) => ({
    code: 'rls_policy',
    severity: 'info',
    message: `Row level security is on for ${object}, and there is no policy: through the API nobody sees a row. If that is meant, take the rights away too.`,
    fix: `REVOKE ALL ON ${object} FROM anon, authenticated;`,
  }),
  auth_users: ({ object, kind, detail }) => ({
    code: 'exposed',
    severity: 'critical',
    message: `The ${kind} ${object} shows rows of auth.users, the accounts, to ${detail} through the API.`,
    fix: `REVOKE ALL ON ${object} FROM ${detail};`,
  }),
  definer_view: ({ object, detail }) => ({
    code: 'definer_view',
    severity: 'critical',
    message: `The view ${object} reads with the rights of its owner, past the row level security that holds for ${detail}.`,
    fix: `ALTER VIEW ${object} SET (security_invoker = on);`,
  }),
  relation: ({ object, kind, detail }) => ({
    code: 'exposed',
    severity: 'warning',
    message: `The ${kind} ${object} is open to ${detail} through the API, and row level security does not hold for it.`,
    fix: `REVOKE ALL ON ${object} FROM ${detail};`,
  }),
  queue: ({ object, detail }) => ({
    code: 'rls_off',
    severity: 'critical',
    message: `Row level security is off for the queue ${object}: ${detail} can read, change and remove its messages.`,
    fix: `ALTER TABLE ${object} ENABLE ROW LEVEL SECURITY;`,
  }),
  graphql: ({ object, detail, count }) => ({
    code: 'exposed',
    severity: 'info',
    message: `pg_graphql tells the role ${object} the names and columns of ${count} ${count === 1 ? 'relation' : 'relations'}: ${shortList(detail)}. Where nobody uses GraphQL, the extension can go; else take SELECT away where it is not meant.`,
    fix: 'DROP EXTENSION pg_graphql;',
  }),
  function: ({ object, detail }) => ({
    code: 'privileges',
    severity: 'warning',
    message: `${detail} may run ${object} through the API, and it has the rights of its owner.`,
    fix: `REVOKE EXECUTE ON ROUTINE ${object} FROM ${detail};`,
  }),
  extension: ({ object, detail, kind }) => ({
    code: 'extension_schema',
    severity: 'warning',
    message: `The extension ${object} is in the schema ${detail}, which the API shows with its functions.`,
    fix:
      kind === 'relocatable'
        ? `CREATE SCHEMA IF NOT EXISTS extensions; ALTER EXTENSION ${object} SET SCHEMA extensions;`
        : `SELECT extname, extversion, extrelocatable FROM pg_extension WHERE quote_ident(extname) = '${object.replaceAll("'", "''")}';`,
  }),
};

const LONGEST = 200;

function shortList(names: string): string {
  return names.length > LONGEST ? `${names.slice(0, LONGEST)} …` : names;
}

/** What visitors of an API in front of the database reach although row level security cannot or does not hold there. */
export const exposure = queryProbe<ExposureRow>({
  name: 'what an API exposes',
  primaryOnly: true,
  sql: ({ profile }) => {
    const own = ownSchema('n.nspname', profile);
    return `${RELATIONS(own)}\nUNION ALL\n${HOSTED(own)}\nORDER BY 1, 2`;
  },
  judge: (rows) =>
    rows.map((row) => ({
      ...JUDGES[row.lint](row),
      object:
        row.lint === 'graphql'
          ? `GraphQL for ${row.object}`
          : row.lint === 'extension'
            ? `extension ${row.object}`
            : row.object,
    })),
});
