import { createHash } from 'node:crypto';
import { type BetterAuthOptions, betterAuth } from 'better-auth';
import { createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { getMigrations } from 'better-auth/db/migration';
import pg from 'pg';
import { z } from 'zod';
import type { Principal, Role } from '../http/access.ts';
import { YumOpsError } from '../lib/errors.ts';
import { randomHex } from '../lib/random.ts';
import { firstPassword } from './first-password.ts';
import { openPeople, type People } from './people.ts';

const LINK_LIFETIME_MS = 24 * 3_600_000;

/** The header in which the HTTP layer passes the peer's address on; a client's own copy is removed before. */
export const PEER_HEADER = 'x-yumops-peer';

export interface AccountsOptions {
  /** URL of the state store; the accounts live in its schema `auth`. */
  stateUrl: string;
  /** Origin under which people reach the console. */
  publicUrl: string;
  /** At least 32 characters; signs the session cookies. */
  secret: string;
}

export interface Accounts {
  /** Answers everything below `/api/auth/`. */
  handle(request: Request): Promise<Response>;
  /** The signed-in person behind a request's cookie. */
  find(headers: Headers): Promise<Principal | undefined>;
  create(input: { email: string; password: string; name: string; role: Role }): Promise<void>;
  /** Makes a secret that signs `email` in once, within 24 hours; makes the account when it is missing. */
  createLoginLink(email: string, role: Role, now: number): Promise<string>;
  people: People;
  close(): Promise<void>;
}

const linkName = (token: string) => `login-link:${createHash('sha256').update(token).digest('hex')}`;

/** `POST /api/auth/one-time {token}`: a login link becomes a session. */
const oneTimeLogin = {
  id: 'one-time-login',
  endpoints: {
    oneTimeLogin: createAuthEndpoint(
      '/one-time',
      { method: 'POST', body: z.object({ token: z.string().min(1).max(200) }) },
      async (ctx) => {
        const link = await ctx.context.internalAdapter.consumeVerificationValue(linkName(ctx.body.token));
        const user = link && (await ctx.context.internalAdapter.findUserById(link.value));
        if (!user || link.expiresAt.getTime() < Date.now()) {
          throw ctx.error('UNAUTHORIZED', { message: 'This login link was used already or has expired.' });
        }
        const session = await ctx.context.internalAdapter.createSession(user.id);
        await setSessionCookie(ctx, { session, user });
        return ctx.json({ email: user.email });
      },
    ),
  },
};

function authOptions(options: AccountsOptions, pool: pg.Pool) {
  return {
    appName: 'YumOps',
    baseURL: options.publicUrl,
    basePath: '/api/auth',
    secret: options.secret,
    database: pool,
    telemetry: { enabled: false },
    logger: { level: 'error' },
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 12 },
    user: { additionalFields: { role: { type: 'string', required: true, defaultValue: 'viewer', input: false } } },
    session: { expiresIn: 7 * 86_400, updateAge: 86_400 },
    rateLimit: {
      enabled: true,
      window: 60,
      max: 300,
      customRules: { '/sign-in/email': { window: 60, max: 10 }, '/one-time': { window: 60, max: 10 } },
    },
    advanced: { cookiePrefix: 'yumops', ipAddress: { ipAddressHeaders: [PEER_HEADER] } },
    plugins: [oneTimeLogin, firstPassword],
  } satisfies BetterAuthOptions;
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
  const migrations = await getMigrations(settings);
  await migrations.runMigrations();
  const auth = betterAuth(settings);
  const context = await auth.$context;

  const createUser = async (input: { email: string; name: string; role: Role }) =>
    context.internalAdapter.createUser(
      { email: input.email.toLowerCase(), name: input.name, role: input.role, emailVerified: true },
      { method: 'email-password' },
    );

  return {
    handle: (request) => auth.handler(request),
    async find(headers) {
      const found = await auth.api.getSession({ headers });
      if (!found) return undefined;
      return { id: found.user.id, name: found.user.email, role: found.user.role as Role, kind: 'person' };
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
    close: () => pool.end(),
  };
}
