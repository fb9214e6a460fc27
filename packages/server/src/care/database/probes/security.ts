import { quoteText } from '../../../lib/sql-quote.ts';
import type { Remark } from '../finding.ts';
import { ownSchema, type ProbeContext, queryProbe } from '../probe.ts';
import { API_ROLES, notOfExtension } from './api-roles.ts';

interface SecurityRow {
  lint: 'definer_path' | 'invoker_path' | 'definer_public' | 'schema' | 'table' | 'policies' | 'exposed';
  object: string;
  schema: string;
  /** What was granted, or to whom the table is open. */
  detail: string | null;
}

/** Functions: those that run with their owner's rights, and those whose names can be redirected. */
const FUNCTIONS = (own: string) => `
  SELECT CASE WHEN p.prosecdef THEN 'definer_path' ELSE 'invoker_path' END AS lint, p.oid::regprocedure::text AS object,
         quote_ident(n.nspname) AS schema, NULL AS detail
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
  WHERE ${own} AND p.prokind IN ('f', 'p') AND l.lanname NOT IN ('c', 'internal')
    -- The body of a standard SQL function is bound when it is made.
    AND p.prosqlbody IS NULL
    AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search\\_path=%') AND ${notOfExtension('pg_proc', 'p.oid')}
  UNION ALL
  SELECT 'definer_public', p.oid::regprocedure::text, quote_ident(n.nspname), p.prokind::text
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE ${own} AND p.prokind IN ('f', 'p') AND p.prosecdef AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
    AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
                WHERE g.grantee = 0 AND g.privilege_type = 'EXECUTE')
    AND ${notOfExtension('pg_proc', 'p.oid')}`;

/** Names of columns that hold what must not get about. */
const SENSITIVE =
  '(passw|pwd|secret|token|api_?key|otp|ssn|social_security|passport|licen[cs]e|national_id|tax_id|credit_?card|card_number|cvv|iban|swift|account_number|routing_number|bank|medical|health|diagnosis|patient|insurance|imei|mac_addr|private_key|pgp|ssh|certificate|biometric|fingerprint|facial)';

const TABLES = (own: string) => `
  SELECT 'table', c.oid::regclass::text, quote_ident(n.nspname), string_agg(DISTINCT g.privilege_type, ', ')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL aclexplode(c.relacl) g
  WHERE ${own} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND g.grantee = 0
    AND g.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES')
    AND ${notOfExtension('pg_class', 'c.oid')}
  GROUP BY 2, 3
  UNION ALL
  SELECT 'policies', c.oid::regclass::text, quote_ident(n.nspname), NULL
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${own} AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
    AND EXISTS (SELECT FROM pg_policy y WHERE y.polrelid = c.oid)
  UNION ALL
  SELECT 'exposed', c.oid::regclass::text, quote_ident(n.nspname), string_agg(DISTINCT quote_ident(r.rolname), ', ')
           || coalesce((SELECT '; among its columns are ' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
                        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname ~* ${quoteText(SENSITIVE)}), '')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_roles r ON r.rolname IN ${API_ROLES}
  WHERE ${own} AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
    AND has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
    AND NOT EXISTS (SELECT FROM pg_policy y WHERE y.polrelid = c.oid) AND ${notOfExtension('pg_class', 'c.oid')}
  GROUP BY c.oid, 3`;

const SCHEMAS = (own: string) => `
  SELECT 'schema', quote_ident(n.nspname), quote_ident(n.nspname), NULL
  FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) g
  WHERE ${own} AND g.grantee = 0 AND g.privilege_type = 'CREATE'`;

type Judge = (row: SecurityRow) => Omit<Remark, 'object'>;

const pathIn = (object: string, schema: string) =>
  `ALTER ROUTINE ${object} SET search_path = ${schema === 'pg_temp' ? '' : `${schema}, `}pg_temp;`;

const JUDGES: Record<SecurityRow['lint'], Judge> = {
  definer_path: ({ object, schema }) => ({
    code: 'search_path',
    severity: 'warning',
    message: `${object} runs with the rights of its owner and looks names up in the search path of its caller, who can put an object of their own in the way.`,
    fix: pathIn(object, schema),
  }),
  invoker_path: ({ object, schema }) => ({
    code: 'search_path',
    severity: 'info',
    message: `${object} looks names up in the search path of its caller.`,
    fix: pathIn(object, schema),
  }),
  definer_public: ({ object }) => ({
    code: 'privileges',
    severity: 'warning',
    message: `Everybody may run ${object}, which has the rights of its owner. Grant EXECUTE by name to those who need it.`,
    fix: `REVOKE EXECUTE ON ROUTINE ${object} FROM PUBLIC;`,
  }),
  schema: ({ object }) => ({
    code: 'public_schema',
    severity: 'warning',
    message: `Everybody may create objects in the schema ${object}, and so put them in the way of others.`,
    fix: `REVOKE CREATE ON SCHEMA ${object} FROM PUBLIC;`,
  }),
  table: ({ object, detail }) => ({
    code: 'privileges',
    severity: 'warning',
    message: `Everybody has ${detail} on ${object}.`,
    fix: `REVOKE ${detail} ON ${object} FROM PUBLIC;`,
  }),
  policies: ({ object }) => ({
    code: 'rls_off',
    severity: 'critical',
    message: `${object} has policies, and row level security is off: they do nothing.`,
    fix: `ALTER TABLE ${object} ENABLE ROW LEVEL SECURITY;`,
  }),
  exposed: ({ object, detail }) => ({
    code: 'rls_off',
    severity: 'critical',
    message: `Row level security is off for ${object}, and the API opens every row to ${detail}. Write policies before it is on, or nobody sees any row.`,
    fix: `ALTER TABLE ${object} ENABLE ROW LEVEL SECURITY;`,
  }),
};

/** Functions, tables and schemas that are more open than anybody means them to be. */
export const security = queryProbe<SecurityRow>({
  name: 'privileges',
  primaryOnly: true,
  sql: (context: ProbeContext) => {
    const own = ownSchema('n.nspname', context.profile);
    return `${[FUNCTIONS(own), TABLES(own), SCHEMAS(own)].join('\nUNION ALL\n')}\nORDER BY 1, 2`;
  },
  judge: (rows) => rows.map((row) => ({ object: row.object, ...JUDGES[row.lint](row) })),
});
