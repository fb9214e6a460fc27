import { found, plural, type ScanCheck } from '../check.ts';
import type { Found } from '../finding.ts';

const DAY = 86_400_000;
/** Up to so many administrators are nobody's concern. */
const FEW_ADMINS = 3;

/** An account as whoever reviews access sees it. Times in ms since the epoch. */
export interface AccountReview {
  id: string;
  email: string;
  role: 'viewer' | 'responder' | 'admin';
  createdAt: number;
  /** Of a session that is still known; null = none is. */
  lastSeenAt: number | null;
  /** Codes of an authenticator, or a passkey. */
  secondFactor: boolean;
}

export interface TokenReview extends Pick<AccountReview, 'id' | 'role' | 'createdAt'> {
  name: string;
  expiresAt: number | null;
  lastUsedAt: number | null;
  revokedAt: number | null;
}

export interface PeopleOptions {
  accounts(): Promise<readonly AccountReview[]>;
  tokens(): Promise<readonly TokenReview[]>;
  staleAfterMs(): number;
}

/** Accounts and tokens of this platform. */
export function peopleCheck(options: PeopleOptions): ScanCheck {
  return {
    name: 'people',
    title: 'Accounts and tokens',
    kinds: ['weekly', 'monthly'],
    async run({ now }) {
      const [accounts, tokens] = await Promise.all([options.accounts(), options.tokens()]);
      const stale = options.staleAfterMs();
      const valid = tokens.filter(({ expiresAt, revokedAt }) => revokedAt === null && (expiresAt ?? now + 1) > now);
      return {
        findings: [
          ...accounts.flatMap((account) => judgeAccount(account, stale, now)),
          ...judgeAdmins(accounts),
          ...valid.flatMap((token) => judgeToken(token, stale, now)),
        ],
        looked: `${plural(accounts.length, 'account')} and ${plural(valid.length, 'valid token')} of this platform.`,
      };
    },
  };
}

/** `ada@shop.test` as `ad…@shop.test`: enough for who knows her. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return at <= 2 ? email : `${email.slice(0, 2)}…${email.slice(at)}`;
}

const days = (ms: number) => `${Math.floor(ms / DAY)} days`;

function judgeAccount(
  { id, email, role, createdAt, lastSeenAt, secondFactor }: AccountReview,
  stale: number,
  now: number,
): Found[] {
  const subject = 'accounts';
  const name = maskEmail(email);
  const quiet = now - (lastSeenAt ?? createdAt);
  const findings: Found[] = [];
  if (quiet > stale) {
    findings.push(
      found({
        ...{ code: 'account_stale', subject, object: id, severity: role === 'admin' ? 'medium' : 'low' },
        message: `${name} (${role}) has not signed in for ${days(quiet)}.`,
        evidence: lastSeenAt === null ? 'No sign-in is known.' : `Last seen ${new Date(lastSeenAt).toISOString()}.`,
        fix: 'Remove the account under Settings → Accounts, or ask whether it is still needed.',
      }),
    );
  }
  if (!secondFactor) {
    findings.push(
      found({
        ...{ code: 'no_second_factor', subject, object: id, severity: role === 'admin' ? 'medium' : 'low' },
        message: `${name} (${role}) signs in without a second factor.`,
        evidence: 'Neither codes of an authenticator nor a passkey are set up.',
        fix: 'Let them set one up under Settings.',
      }),
    );
  }
  return findings;
}

/** Too many who may do everything: more than a few, and more than half of all. */
function judgeAdmins(accounts: readonly AccountReview[]): Found[] {
  const admins = accounts.filter(({ role }) => role === 'admin');
  if (admins.length <= FEW_ADMINS || admins.length * 2 <= accounts.length) return [];
  return [
    found({
      ...{ code: 'many_admins', subject: 'accounts', severity: 'low' },
      message: `${admins.length} of ${accounts.length} accounts may do everything.`,
      evidence: admins
        .slice(0, 10)
        .map(({ email }) => maskEmail(email))
        .join(', '),
      fix: 'Make responders of those who answer alerts, and viewers of those who only look.',
    }),
  ];
}

function judgeToken(
  { id, name, role, createdAt, expiresAt, lastUsedAt }: TokenReview,
  stale: number,
  now: number,
): Found[] {
  const subject = 'tokens';
  const quiet = now - (lastUsedAt ?? createdAt);
  const findings: Found[] = [];
  if (quiet > stale) {
    findings.push(
      found({
        ...{ code: 'token_unused', subject, object: id, severity: role === 'admin' ? 'medium' : 'low' },
        message: `The token "${name}" (${role}) was not used for ${days(quiet)}.`,
        evidence: lastUsedAt === null ? 'It was never used.' : `Last used ${new Date(lastUsedAt).toISOString()}.`,
        fix: 'Revoke it under Settings → Tokens.',
      }),
    );
  }
  if (expiresAt === null) {
    findings.push(
      found({
        ...{ code: 'token_endless', subject, object: id, severity: role === 'admin' ? 'medium' : 'low' },
        message: `The token "${name}" (${role}) never expires.`,
        evidence: `Made ${new Date(createdAt).toISOString()}.`,
        fix: 'Make one that does, `yumops token create --days 90`, and revoke this one.',
      }),
    );
  }
  return findings;
}
