import { asRole, run } from './server.ts';

/**
 * Makes a database look like one of Supabase, as far as its published migrations tell: the operator's role is no
 * superuser and has pg_monitor without the right to pass it on, `auth` and `storage` belong to others, extensions have a schema of
 * their own, and everything new in `public` is open to the visitors of the API.
 * @returns the address of the operator's role
 */
export async function makeHosted(admin: string): Promise<string> {
  const database = new URL(admin).pathname.slice(1);
  await run(
    admin,
    `DO $$ DECLARE r text; BEGIN
       FOREACH r IN ARRAY ARRAY['anon', 'authenticated', 'service_role', 'hosted_auth_admin', 'hosted_storage_admin', 'operator'] LOOP
         IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN EXECUTE format('CREATE ROLE %I', r); END IF;
       END LOOP; END $$`,
    "ALTER ROLE operator NOSUPERUSER CREATEDB CREATEROLE LOGIN REPLICATION BYPASSRLS PASSWORD 'pw'",
    'GRANT pg_monitor, pg_read_all_data, pg_signal_backend TO operator',
    'GRANT anon, authenticated, service_role TO operator WITH ADMIN OPTION',
    `GRANT ALL ON DATABASE "${database}" TO operator`,
    'CREATE SCHEMA auth AUTHORIZATION hosted_auth_admin',
    'CREATE SCHEMA storage AUTHORIZATION hosted_storage_admin',
    'CREATE SCHEMA extensions; GRANT ALL ON SCHEMA extensions TO operator',
    'GRANT USAGE ON SCHEMA auth, storage, extensions, public TO anon, authenticated, service_role, operator',
    'GRANT CREATE ON SCHEMA public TO operator',
    'CREATE EXTENSION pg_stat_statements WITH SCHEMA extensions',
    'CREATE TABLE auth.users (id uuid PRIMARY KEY, email text UNIQUE, is_anonymous boolean NOT NULL DEFAULT false)',
    `CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('request.jwt.sub', true), '')::uuid $$`,
    `CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT '{}'::jsonb $$`,
    'CREATE TABLE storage.buckets (id text PRIMARY KEY, public boolean)',
    'CREATE TABLE storage.objects (id uuid PRIMARY KEY, bucket_id text REFERENCES storage.buckets, name text)',
    'ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE auth.users OWNER TO hosted_auth_admin',
    'ALTER TABLE storage.buckets OWNER TO hosted_storage_admin; ALTER TABLE storage.objects OWNER TO hosted_storage_admin',
    'GRANT SELECT ON auth.users TO operator; GRANT REFERENCES ON auth.users TO operator',
    'GRANT ALL ON storage.objects, storage.buckets TO operator, anon, authenticated',
    'ALTER DEFAULT PRIVILEGES FOR ROLE operator IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role',
    'ALTER DEFAULT PRIVILEGES FOR ROLE operator IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role',
  );
  return operatorOf(admin);
}

/** The same database as the operator's role. */
export function operatorOf(admin: string): string {
  return asRole(admin, 'operator', 'pw');
}
