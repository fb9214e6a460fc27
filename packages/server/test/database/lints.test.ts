import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DatabaseFinding, DatabaseFindingCode } from '../../src/care/database/finding.ts';
import { check, run, startEmbeddedServer, type TestServer } from './server.ts';
import { makeHosted, operatorOf } from './supabase.ts';

interface Lint {
  /** Its number among the rules that Supabase's own linter has. */
  rule: string;
  /** What is wrong, as the operator's role. */
  provoke: string[];
  code: DatabaseFindingCode;
  object: string;
  severity: DatabaseFinding['severity'];
  says: string;
  /** Whether the fix ends it; else a person decides by what it shows. */
  mends: boolean;
  /** Run as a superuser. */
  asAdmin?: boolean;
}

const TABLE = 'CREATE TABLE t (id int PRIMARY KEY, owner uuid, open boolean); ALTER TABLE t ENABLE ROW LEVEL SECURITY';

const LINTS: readonly Lint[] = [
  {
    rule: '0001 unindexed_foreign_keys',
    provoke: ['CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p)'],
    ...{ code: 'unindexed_fk', object: 'public.c.c_p_fkey', severity: 'info', says: 'has no index', mends: true },
  },
  {
    rule: '0002 auth_users_exposed',
    provoke: ['CREATE VIEW v AS SELECT email FROM auth.users'],
    ...{ code: 'exposed', object: 'public.v', severity: 'critical', says: 'auth.users', mends: true },
  },
  {
    rule: '0003 auth_rls_initplan',
    provoke: [TABLE, 'CREATE POLICY "p 1" ON t FOR SELECT TO authenticated USING (auth.uid() = owner)'],
    ...{ code: 'policy_cost', object: 'public.t."p 1"', severity: 'warning', says: 'once for every row', mends: true },
  },
  {
    rule: '0004 no_primary_key',
    provoke: [
      'CREATE TABLE heap (id int); ALTER TABLE heap ENABLE ROW LEVEL SECURITY; REVOKE ALL ON heap FROM anon, authenticated',
      'INSERT INTO heap SELECT generate_series(1, 2000); ANALYZE heap',
    ],
    ...{ code: 'no_primary_key', object: 'public.heap', severity: 'info', says: 'no primary key', mends: false },
  },
  {
    rule: '0006 multiple_permissive_policies',
    provoke: [
      TABLE,
      'CREATE POLICY a ON t FOR SELECT TO authenticated USING (open)',
      'CREATE POLICY b ON t TO authenticated USING (owner = (SELECT auth.uid()))',
    ],
    ...{
      code: 'policy_cost',
      object: 'policies of public.t',
      severity: 'info',
      says: 'SELECT by authenticated',
      mends: false,
    },
  },
  {
    rule: '0007 policy_exists_rls_disabled',
    provoke: ['CREATE TABLE t (id int PRIMARY KEY, open boolean); CREATE POLICY p ON t TO authenticated USING (open)'],
    ...{ code: 'rls_off', object: 'public.t', severity: 'critical', says: 'has policies', mends: true },
  },
  {
    rule: '0008 rls_enabled_no_policy',
    provoke: [TABLE],
    ...{ code: 'rls_policy', object: 'public.t', severity: 'info', says: 'there is no policy', mends: true },
  },
  {
    rule: '0010 security_definer_view',
    provoke: ['CREATE VIEW v AS SELECT 1 AS one'],
    ...{ code: 'definer_view', object: 'public.v', severity: 'critical', says: 'rights of its owner', mends: true },
  },
  {
    rule: '0011 function_search_path_mutable',
    provoke: [`CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`],
    ...{ code: 'search_path', object: 'public.f()', severity: 'info', says: 'search path', mends: true },
  },
  {
    rule: '0012 auth_allow_anonymous_sign_ins',
    provoke: [TABLE, 'CREATE POLICY p ON t FOR SELECT TO authenticated USING (open)'],
    ...{ code: 'rls_policy', object: 'anonymous sign-ins', severity: 'info', says: 'p of public.t', mends: false },
  },
  {
    rule: '0013 rls_disabled_in_public, 0023 sensitive_columns_exposed',
    provoke: ['CREATE TABLE t (id int PRIMARY KEY, password_hash text)'],
    ...{ code: 'rls_off', object: 'public.t', severity: 'critical', says: 'password_hash', mends: true },
  },
  {
    rule: '0014 extension_in_public',
    provoke: [
      'CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT SELECT ON t TO anon',
      'CREATE EXTENSION pgstattuple WITH SCHEMA public',
    ],
    ...{
      code: 'extension_schema',
      object: 'extension pgstattuple',
      severity: 'warning',
      says: 'pgstattuple',
      mends: true,
    },
    asAdmin: true,
  },
  {
    rule: '0015 rls_references_user_metadata',
    provoke: [
      TABLE,
      `CREATE POLICY p ON t FOR SELECT TO authenticated USING ((SELECT auth.jwt()) -> 'user_metadata' ->> 'admin' = 'yes')`,
    ],
    ...{ code: 'rls_policy', object: 'public.t.p', severity: 'critical', says: 'user_metadata', mends: false },
  },
  {
    rule: '0016 materialized_view_in_api',
    provoke: ['CREATE MATERIALIZED VIEW m AS SELECT 1 AS one'],
    ...{ code: 'exposed', object: 'public.m', severity: 'warning', says: 'materialized view', mends: true },
  },
  {
    rule: '0017 foreign_table_in_api',
    provoke: [
      'CREATE EXTENSION postgres_fdw WITH SCHEMA extensions',
      'CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw',
      'CREATE FOREIGN TABLE ft (id int) SERVER away; GRANT SELECT ON ft TO anon',
    ],
    ...{ code: 'exposed', object: 'public.ft', severity: 'warning', says: 'foreign table', mends: true, asAdmin: true },
  },
  {
    rule: '0018 unsupported_reg_types',
    provoke: ['CREATE TABLE t (id int PRIMARY KEY, "C c" regproc); ALTER TABLE t ENABLE ROW LEVEL SECURITY'],
    ...{ code: 'reg_type', object: 'public.t."C c"', severity: 'warning', says: 'pg_upgrade', mends: true },
  },
  {
    rule: '0019 insecure_queue_exposed_in_api',
    provoke: [
      'CREATE SCHEMA pgmq; CREATE TABLE pgmq.q_mail (msg_id bigint PRIMARY KEY, message jsonb)',
      'CREATE EXTENSION pgstattuple WITH SCHEMA extensions; ALTER EXTENSION pgstattuple ADD TABLE pgmq.q_mail',
      'GRANT USAGE ON SCHEMA pgmq TO anon; GRANT ALL ON pgmq.q_mail TO anon',
    ],
    ...{ code: 'rls_off', object: 'pgmq.q_mail', severity: 'critical', says: 'queue', mends: true, asAdmin: true },
  },
  {
    rule: '0021 fkey_to_auth_unique',
    provoke: ['CREATE TABLE t (id int PRIMARY KEY, "E e" text UNIQUE REFERENCES auth.users (email))'],
    ...{ code: 'auth_fk', object: 'public.t."t_E e_fkey"', severity: 'critical', says: 'primary key', mends: true },
  },
  {
    rule: '0022 extension_versions_outdated',
    provoke: ["CREATE EXTENSION pgstattuple WITH SCHEMA extensions VERSION '1.4'"],
    ...{
      code: 'outdated_extension',
      object: 'extension pgstattuple',
      severity: 'info',
      says: '1.4 → 1.5',
      mends: true,
    },
    asAdmin: true,
  },
  {
    rule: '0024 permissive_rls_policy',
    provoke: [TABLE, 'CREATE POLICY p ON t FOR INSERT TO anon WITH CHECK (true)'],
    ...{
      code: 'rls_policy',
      object: 'public.t.p (always true)',
      severity: 'warning',
      says: 'always true',
      mends: false,
    },
  },
  {
    rule: '0025 public_bucket_allows_listing',
    provoke: [`CREATE POLICY p ON storage.objects FOR SELECT TO anon USING (bucket_id = 'avatars')`],
    ...{ code: 'exposed', object: 'storage.objects.p', severity: 'warning', says: 'list the files', mends: true },
    asAdmin: true,
  },
  {
    rule: '0026, 0027 pg_graphql_table_exposed',
    provoke: [
      "INSERT INTO pg_extension SELECT 900001, 'pg_graphql', 10, 'extensions'::regnamespace, true, '1', NULL, NULL",
      'CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT SELECT ON t TO anon',
    ],
    ...{ code: 'exposed', object: 'GraphQL for anon', severity: 'info', says: 'public.t', mends: true, asAdmin: true },
  },
  {
    rule: '0028, 0029 security_definer_function_executable',
    provoke: [
      `CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1'`,
      'REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC',
    ],
    ...{
      code: 'privileges',
      object: 'public.f()',
      severity: 'warning',
      says: 'anon, authenticated may run',
      mends: true,
    },
  },
  {
    rule: '0030 autovacuum_disabled',
    provoke: [
      'CREATE TABLE t (id int PRIMARY KEY) WITH (autovacuum_enabled = off); ALTER TABLE t ENABLE ROW LEVEL SECURITY',
    ],
    ...{ code: 'autovacuum_off', object: 'public.t', severity: 'warning', says: 'Autovacuum is off', mends: true },
  },
  {
    rule: '0030 rls_policy_null_auth_disjunct',
    provoke: [
      TABLE,
      'CREATE POLICY p ON t FOR SELECT TO anon USING ((SELECT auth.uid()) IS NULL OR owner = (SELECT auth.uid()))',
    ],
    ...{
      code: 'rls_policy',
      object: 'public.t.p (signed out)',
      severity: 'critical',
      says: 'not signed in',
      mends: false,
    },
  },
];

describe.each([15, 18] as const)('Postgres %i', (major) => {
  let server: TestServer;
  let number = 0;

  beforeAll(async () => {
    server = await startEmbeddedServer(major);
    await makeHosted(await server.createDatabase('hosted'));
  });

  afterAll(() => server?.stop());

  const hosted = (url: string) => check(url, { no_primary_key_rows: 1_000 }, { profile: 'supabase' });

  test('a hosted database in order yields nothing', async () => {
    const operator = operatorOf(await server.createDatabase('hosted_clean', 'hosted'));
    await run(
      operator,
      'CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner uuid REFERENCES auth.users, body text)',
      'CREATE INDEX ON notes (owner); ALTER TABLE notes ENABLE ROW LEVEL SECURITY',
      "CREATE POLICY own ON notes TO authenticated USING (owner = (SELECT auth.uid()) AND (SELECT auth.jwt() ->> 'is_anonymous') = 'false')",
      'CREATE VIEW mine WITH (security_invoker = on) AS SELECT id FROM notes',
    );
    expect(await hosted(operator)).toEqual([]);
  });

  test.each(LINTS)('$rule is $code', async ({ provoke, asAdmin, code, object, severity, says, mends }) => {
    const admin = await server.createDatabase(`lint_${number++}`, 'hosted');
    const operator = operatorOf(admin);
    await run(asAdmin ? admin : operator, ...provoke);
    const found = (await hosted(operator)).filter((finding) => finding.code === code && finding.object === object);
    expect(found).toMatchObject([{ severity, message: expect.stringContaining(says) }]);
    await run(asAdmin ? admin : operator, found[0]?.fix as string);
    const after = (await hosted(operator)).filter((finding) => finding.code === code && finding.object === object);
    expect(after.length).toBe(mends ? 0 : 1);
  });
});
