import { quoteName, quoteText } from '../../../lib/sql-quote.ts';
import type { DatabaseProfile } from '../config.ts';

/** What an installation puts into a database. */
export interface InstallPlan {
  profile: DatabaseProfile;
  /** The role that watches. */
  role: string;
  /** What Postgres keeps of its password; null when the operator sets one. */
  verifier: string | null;
  /** The scripts of `sql/monitored`, in order. */
  scripts: readonly string[];
}

/** The functions that the watching role may run. */
const MONITORING = [
  'get_slow_queries(INTEGER, INTEGER)',
  'get_connection_stats()',
  'get_table_sizes()',
  'get_unused_indexes()',
];

/** Those that change something: nobody but their owner may run them until somebody grants it. */
const MAINTENANCE = [
  'require_analyzable_tables()',
  'update_table_statistics()',
  'reindex_table(TEXT)',
  'analyze_all_tables()',
  'check_constraint_violations()',
];

const TABLES = ['health_check', 'maintenance_requests'];

function extensions(profile: DatabaseProfile): string {
  const place = profile === 'supabase' ? ' WITH SCHEMA extensions' : '';
  const schema = profile === 'supabase' ? 'CREATE SCHEMA IF NOT EXISTS extensions;\n' : '';
  return `${schema}DO $install$
DECLARE
  wanted TEXT;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['pg_stat_statements', 'pgstattuple', 'amcheck', 'hypopg'] LOOP
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = wanted) THEN
      BEGIN
        EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I${place}', wanted);
      EXCEPTION WHEN insufficient_privilege THEN
        RAISE WARNING 'the extension % must be created by an administrator', wanted;
      END;
    ELSIF wanted <> 'hypopg' THEN -- without it advice on indexes is a guess
      RAISE WARNING 'the extension % is not on this server; what needs it stays unknown', wanted;
    END IF;
  END LOOP;
END;
$install$;`;
}

function role({ role: name, verifier }: InstallPlan): string {
  const password = verifier === null ? '' : ` PASSWORD ${quoteText(verifier)}`;
  const create = `CREATE ROLE ${quoteName(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 5${password}`;
  return `-- The role that watches: statistics and sizes, no row of the application.
DO $install$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${quoteText(name)}) THEN
    EXECUTE ${quoteText(create)};
  END IF;
  BEGIN
    GRANT pg_monitor TO ${quoteName(name)};
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'pg_monitor cannot be granted by %; watch the database as a role that has it', current_user;
  END;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), ${quoteText(name)});
END;
$install$;`;
}

function grants({ role: name }: InstallPlan): string {
  const list = MONITORING.map((signature) => `public.${signature}`).join(',\n  ');
  return `GRANT USAGE ON SCHEMA public TO ${quoteName(name)};
GRANT EXECUTE ON FUNCTION
  ${list}
  TO ${quoteName(name)};

-- How far sequences are; Postgres hides their values from pg_monitor.
DO $install$
DECLARE
  schema_name NAME;
BEGIN
  FOR schema_name IN
    SELECT nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND pg_has_role(nspowner, 'USAGE')
  LOOP
    BEGIN
      EXECUTE format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA %I TO %I', schema_name, ${quoteText(name)});
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE WARNING 'some sequences of schema % belong to others and stay unknown', quote_ident(schema_name);
    END;
  END LOOP;
END;
$install$;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON SEQUENCES TO ${quoteName(name)};`;
}

/** Verification reads pages and changes nothing. The owner of the database does its upkeep. */
const VERIFICATION = `DO $install$
DECLARE
  verify REGPROCEDURE;
  keeper NAME;
BEGIN
  SELECT pg_get_userbyid(datdba) INTO keeper FROM pg_database WHERE datname = current_database();
  FOR verify IN
    SELECT p.oid FROM pg_extension e JOIN pg_proc p ON p.pronamespace = e.extnamespace
    WHERE e.extname = 'amcheck' AND p.proname = 'bt_index_check'
  LOOP
    BEGIN
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', verify, keeper);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE WARNING '% may not run %: indexes are not verified', keeper, verify;
    END;
  END LOOP;
END;
$install$;`;

/** Hosts with an API in front of the database grant everything that is new to the roles of its visitors. */
function closed({ profile }: InstallPlan): string {
  const functions = [...MONITORING, ...MAINTENANCE].map((signature) => `public.${signature}`).join(', ');
  const tables = TABLES.map((table) => `public.${table}`).join(', ');
  const rows =
    profile === 'supabase' ? TABLES.map((table) => `ALTER TABLE public.${table} ENABLE ROW LEVEL SECURITY;`) : [];
  return [
    `-- Visitors of an API in front of the database may use none of it.
DO $install$
DECLARE
  visitor NAME;
BEGIN
  FOR visitor IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION ${functions} FROM %I', visitor);
    EXECUTE format('REVOKE ALL ON TABLE ${tables} FROM %I', visitor);
  END LOOP;
END;
$install$;`,
    ...rows,
  ].join('\n');
}

/**
 * The script of an installation: extensions, the guide's functions, the watching role and its rights. It may run again,
 * and it is meant for one transaction.
 */
export function installScript(plan: InstallPlan): string {
  return [
    '-- Installed by YumOps. May be run again at any time.',
    'SET LOCAL search_path = public;',
    extensions(plan.profile),
    ...plan.scripts.map((script) => script.trim()),
    role(plan),
    grants(plan),
    VERIFICATION,
    closed(plan),
    '',
  ].join('\n\n');
}
