import { quoteText } from '../../../lib/sql-quote.ts';
import type { DatabaseProfile } from '../config.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { notLocked, ownSchema } from '../probe.ts';
import { notOfExtension } from '../probes/api-roles.ts';
import type { ServerFacts } from '../server-facts.ts';

/** Something that the catalogue of a database describes. */
export interface CatalogueEntry {
  /** As SQL calls it: `table`, `index`, `setting`, `role`. */
  kind: string;
  /** As SQL names it. */
  object: string;
  /** One line for each thing that can change; null while somebody holds it, so that it cannot be read. */
  lines: readonly string[] | null;
}

/** The catalogue of a database at one time. */
export interface Catalogue {
  /** Name and id of the database. */
  identity: string;
  /** The parts that we may read: a part that is not in both of two catalogues is not compared. */
  parts: readonly CataloguePart[];
  entries: readonly (CatalogueEntry & { part: CataloguePart })[];
}

export type CataloguePart = 'schema' | 'extensions' | 'settings' | 'roles';

/**
 * Tables and views with their columns, owner, options and rights. Bodies and defaults are compared by their hash: they
 * may hold values.
 */
const RELATIONS = (own: string) => `
  SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
    c.oid::regclass::text AS object,
    ARRAY(SELECT concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
                           CASE WHEN a.attnotnull THEN 'NOT NULL' END, CASE WHEN a.attidentity <> '' THEN 'IDENTITY' END,
                           CASE WHEN a.attgenerated <> '' THEN 'GENERATED' END,
                           (SELECT 'DEFAULT ' || left(md5(d.adbin::text), 8) FROM pg_attrdef d
                            WHERE d.adrelid = c.oid AND d.adnum = a.attnum))
          FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
      || ARRAY(SELECT 'body ' || left(md5(string_agg(r.ev_action::text, '' ORDER BY r.rulename)), 8) FROM pg_rewrite r
               WHERE r.ev_class = c.oid HAVING count(*) > 0)
      || ARRAY(SELECT 'option ' || o FROM unnest(c.reloptions) o)
      || ARRAY(SELECT 'right ' || g::text FROM unnest(c.relacl) g)
      || array_remove(ARRAY['owner ' || pg_get_userbyid(c.relowner),
                            CASE WHEN c.relrowsecurity THEN 'row level security' END,
                            CASE WHEN c.relpersistence = 'u' THEN 'unlogged' END], NULL) AS lines
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' AND ${own} AND ${notOfExtension('pg_class', 'c.oid')}`;

/** An index that is being built, or that failed to be, is not there yet. */
const PARTS_OF_TABLES = (own: string) => `
  SELECT 'index', format('%I.%I', n.nspname, c.relname),
    CASE WHEN ${notLocked('i.indrelid')} AND ${notLocked('c.oid')} THEN ARRAY[pg_get_indexdef(c.oid)] END
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE i.indisvalid AND c.relpersistence <> 't' AND ${own}
  UNION ALL
  SELECT 'constraint', format('%s.%I', k.conrelid::regclass, k.conname),
    CASE WHEN ${notLocked('k.conrelid')} THEN ARRAY[pg_get_constraintdef(k.oid)] END
  FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
  WHERE k.conrelid <> 0 AND k.contype IN ('c', 'f', 'p', 'u', 'x') AND ${own}
  UNION ALL
  SELECT 'trigger', format('%s.%I', t.tgrelid::regclass, t.tgname),
    CASE WHEN ${notLocked('t.tgrelid')} THEN ARRAY[pg_get_triggerdef(t.oid), CASE t.tgenabled WHEN 'D' THEN 'off' ELSE 'on' END] END
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND ${own}
  UNION ALL
  SELECT 'policy', format('%s.%I', p.polrelid::regclass, p.polname),
    ARRAY[concat_ws(' ', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, 'for', p.polcmd::text,
                    'body', left(md5(concat(p.polqual::text, p.polwithcheck::text)), 8)),
          'to ' || ARRAY(SELECT CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r) END FROM unnest(p.polroles) r)::text]
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${own}`;

const OTHERS = (own: string) => `
  SELECT 'schema', quote_ident(n.nspname), ARRAY['owner ' || pg_get_userbyid(n.nspowner)]
    || ARRAY(SELECT 'right ' || g::text FROM unnest(n.nspacl) g)
  FROM pg_namespace n WHERE ${own} AND ${notOfExtension('pg_namespace', 'n.oid')}
  UNION ALL
  SELECT 'function', p.oid::regprocedure::text,
    ARRAY['body ' || left(md5(concat(p.prosrc, p.prosqlbody::text)), 8), 'owner ' || pg_get_userbyid(p.proowner)]
    || ARRAY(SELECT 'setting ' || s FROM unnest(p.proconfig) s) || ARRAY(SELECT 'right ' || g::text FROM unnest(p.proacl) g)
    || CASE WHEN p.prosecdef THEN ARRAY['SECURITY DEFINER'] ELSE ARRAY[]::text[] END
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prokind IN ('f', 'p', 'w') AND ${own} AND ${notOfExtension('pg_proc', 'p.oid')}
  UNION ALL
  SELECT 'type', t.oid::regtype::text,
    ARRAY(SELECT quote_literal(e.enumlabel) FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE t.typtype = 'e' AND ${own} AND ${notOfExtension('pg_type', 't.oid')}`;

const EXTENSIONS = `
  SELECT 'server' AS kind, 'Postgres' AS object, ARRAY['version ' || current_setting('server_version')] AS lines
  UNION ALL
  SELECT 'extension', quote_ident(e.extname), ARRAY['version ' || e.extversion, 'schema ' || quote_ident(n.nspname)]
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace`;

/** Settings whose values may hold a password or the way to one: that they changed is told, not to what. */
const SECRET = '(conninfo|command|passphrase|password|secret|key)';

/** Values as a session begins with them: ours are set otherwise meanwhile. */
const SETTINGS = `
  SELECT 'setting' AS kind, s.name AS object,
    ARRAY[CASE WHEN s.name ~ ${quoteText(SECRET)} AND s.reset_val <> '' THEN 'hidden ' || left(md5(s.reset_val), 8)
               ELSE concat_ws(' ', s.reset_val, s.unit) END] AS lines
  FROM pg_settings s
  WHERE s.category <> 'Preset Options' AND s.name NOT LIKE 'transaction\\_%'
    AND s.name NOT IN ('application_name', 'in_hot_standby', 'client_encoding', 'TimeZone', 'DateStyle', 'IntervalStyle', 'seed')
  UNION ALL
  SELECT 'setting', concat_ws(' ', 'of', 'role ' || quote_ident(r.rolname), 'database ' || quote_ident(d.datname)),
    ARRAY(SELECT CASE WHEN c ~ ${quoteText(SECRET)} THEN split_part(c, '=', 1) || ' hidden ' || left(md5(c), 8) ELSE c END
          FROM unnest(s.setconfig) c)
  FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
  WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))`;

const ROLES = `
  SELECT 'role' AS kind, quote_ident(r.rolname) AS object,
    array_remove(ARRAY[CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcanlogin THEN 'LOGIN' END,
                       CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
                       CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL)
      || ARRAY(SELECT 'member of ' || quote_ident(g.rolname) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
               WHERE m.member = r.oid ORDER BY g.rolname) AS lines
  FROM pg_roles r WHERE r.rolname !~ '^pg_'`;

/** Milliseconds: the catalogue of ten thousand tables takes a while. */
const LIMIT = { timeout: 30_000 };

/** Reads what the catalogue says, as far as the role may see it. */
export async function readCatalogue(
  db: MonitoredDatabase,
  server: ServerFacts,
  profile: DatabaseProfile,
): Promise<Catalogue> {
  const own = ownSchema('n.nspname', profile);
  const [row] = await db.query<{ identity: string }>(
    "SELECT datname || ' ' || oid AS identity FROM pg_database WHERE datname = current_database()",
  );
  const parts: [CataloguePart, string][] = [
    ['schema', [RELATIONS(own), PARTS_OF_TABLES(own), OTHERS(own)].join('\nUNION ALL\n')],
    ['extensions', EXTENSIONS],
    ['roles', ROLES],
    // Without the right to all of them some are hidden, and would look removed once it is taken away.
    ...(server.preloaded === null ? [] : [['settings', SETTINGS] as [CataloguePart, string]]),
  ];
  const entries: Catalogue['entries'][number][] = [];
  for (const [part, sql] of parts) {
    for (const entry of await db.query<CatalogueEntry>(sql, LIMIT)) entries.push({ ...entry, part });
  }
  const keyOf = ({ kind, object }: CatalogueEntry) => `${kind} ${object}`;
  entries.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return { identity: row?.identity ?? '', parts: parts.map(([part]) => part), entries };
}
