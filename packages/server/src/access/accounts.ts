import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import pg from 'pg';
import type { InstallationRole, Principal, ProjectRoles, Role } from '../http/access.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { Keyring } from '../lib/keyring.ts';
import type { Log } from '../lib/log.ts';
import { randomHex } from '../lib/random.ts';
import type { AttemptCounter } from './attempts.ts';
import { authOptions, linkName } from './auth-options.ts';
import type { SignInConfig } from './config.ts';
import type { NoteOwnChange } from './own-changes.ts';
import { openPeople, type People } from './people.ts';
import { readProjectRoles } from './project-roles.ts';
import { resignCookies } from './resign-cookies.ts';
import type { SealedPart } from './sealed/parts.ts';
import { numberSecondFactors, sealedSecondFactors } from './sealed/second-factors.ts';

const LINK_LIFETIME_MS = 24 * 3_600_000;

export interface AccountsOptions {
  /** URL of the state store; the accounts live in its schema `auth`. */
  stateUrl: string;
  /** Origin under which people reach the console. */
  publicUrl: string;
  /** Keys of at least 32 characters: they sign the session cookies and encrypt second factors. */
  keyring: Keyring;
  signIn: SignInConfig;
  noteOwnChange: NoteOwnChange;
  /** Counts the attempts to sign in. */
  attempts: AttemptCounter;
  log: Log;
}

/** An account that an administrator makes. */
export interface NewAccount {
  email: string;
  password: string;
  name: string;
  role: InstallationRole;
  projects?: ProjectRoles | undefined;
}

export interface Accounts {
  /** Answers everything below `/api/auth/`. */
  handle(request: Request): Promise<Response>;
  /** The signed-in person behind a request's cookie. */
  find(headers: Headers): Promise<Principal | undefined>;
  create(input: NewAccount): Promise<void>;
  /** Makes a secret that signs `email` in once, within 24 hours; makes the account when it is missing. */
  createLoginLink(email: string, role: Role, now: number): Promise<string>;
  people: People;
  /** Second factors, which stand under the secret key. */
  sealed: SealedPart;
  close(): Promise<void>;
}

/** Any number: instances that start together bring the schema up to date one after the other. */
const MIGRATION_LOCK = 7_302_116;

async function migrate(pool: pg.Pool, settings: ReturnType<typeof authOptions>, keyring: Keyring): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const migrations = await getMigrations(settings);
    await migrations.runMigrations();
    await numberSecondFactors(pool, keyring);
  } finally {
    // With its connection the lock ends, whatever happened.
    client.release(true);
  }
}

/** Opens the accounts of the console and brings their schema up to date. */
export async function openAccounts(options: AccountsOptions): Promise<Accounts> {
  const pool = new pg.Pool({
    connectionString: options.stateUrl,
    options: '-c search_path=auth',
    application_name: 'yumops accounts',
    max: 4,
    idleTimeoutMillis: 10_000,
  });
  pool.on('error', () => undefined); // a lost idle connection is replaced by the next query, which reports any failure
  const settings = authOptions(options, pool);
  await migrate(pool, settings, options.keyring);
  const auth = betterAuth(settings);
  const context = await auth.$context;

  const createUser = async (input: Omit<NewAccount, 'password'>) =>
    context.internalAdapter.createUser(
      {
        ...{ email: input.email.toLowerCase(), name: input.name, role: input.role, emailVerified: true },
        ...(input.projects && { projects: JSON.stringify(input.projects) }),
      },
      { method: 'email-password' },
    );

  return {
    handle: (request) =>
      auth.handler(new Request(request, { headers: resignCookies(request.headers, options.keyring) })),
    async find(headers) {
      const found = await auth.api.getSession({ headers: resignCookies(headers, options.keyring) });
      if (!found) return undefined;
      const projects = readProjectRoles(found.user.projects);
      const { id, email: name, role } = found.user;
      return { id, name, role: role as InstallationRole, kind: 'person', ...(projects && { projects }) };
    },
    async create(input) {
      if (input.password.length < 12) {
        throw new YumOpsError('password_too_short', 'The password has fewer than 12 characters.', {
          hint: 'Choose a password of at least 12 characters.',
          status: 400,
        });
      }
      if (await context.internalAdapter.findUserByEmail(input.email.toLowerCase())) {
        throw new YumOpsError('user_exists', `There is already an account for ${input.email}.`, { status: 409 });
      }
      const user = await createUser(input);
      await context.internalAdapter.linkAccount({
        userId: user.id,
        accountId: user.id,
        providerId: 'credential',
        password: await context.password.hash(input.password),
      });
    },
    async createLoginLink(email, role, now) {
      const known = await context.internalAdapter.findUserByEmail(email);
      const user = known?.user ?? (await createUser({ email, name: email.split('@')[0] as string, role }));
      const token = randomHex(24);
      await context.internalAdapter.createVerificationValue({
        identifier: linkName(token),
        value: user.id,
        expiresAt: new Date(now + LINK_LIFETIME_MS),
      });
      return token;
    },
    people: openPeople(pool),
    sealed: sealedSecondFactors(pool, options.keyring),
    close: () => pool.end(),
  };
}
