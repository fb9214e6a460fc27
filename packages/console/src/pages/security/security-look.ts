import type { SecurityBlock, SecurityChallenge, SecurityDetection, SecurityEventItem } from '@yumops/protocol';
import type { StateProps } from '../../components/state.tsx';

/** What each attack is called. */
export const ATTACKS: Record<SecurityDetection['code'], string> = {
  brute_force: 'Brute force',
  password_spraying: 'Password spraying',
  credential_stuffing: 'Credential stuffing',
  account_takeover: 'Account takeover',
  user_enumeration: 'User enumeration',
  path_scanning: 'Path scanning',
  impossible_travel: 'Impossible travel',
  failure_ratio: 'More failures than usual',
  new_device: 'New device',
};

const SEVERITIES: Record<SecurityDetection['severity'], StateProps> = {
  critical: { tone: 'bad', word: 'Critical' },
  high: { tone: 'bad', word: 'High' },
  medium: { tone: 'warn', word: 'Medium' },
  low: { tone: 'info', word: 'Low' },
};

export const severityLook = ({ severity }: Pick<SecurityDetection, 'severity'>): StateProps => SEVERITIES[severity];

/** An attack whose last event is younger goes on. Milliseconds. */
const NOW_MS = 15 * 60_000;

export const goesOn = ({ lastAt }: Pick<SecurityDetection, 'lastAt'>, now: number): boolean =>
  now - Date.parse(lastAt) < NOW_MS;

/** Hashes are long; their beginning tells them apart. */
export const shortAccount = (account: string): string =>
  account.replace(/^acct_([0-9a-f]{8})[0-9a-f]+$/, 'account $1…');

/** Whom a detection is about, in a few words. */
export function aboutText({ ip, network, account }: SecurityDetection['keys']): string {
  const parts = [ip ?? network, account === null ? null : shortAccount(account)].filter((part) => part !== null);
  return parts.length === 0 ? 'all sign-ins' : parts.join(' on ');
}

const KINDS: Record<SecurityBlock['kind'] | SecurityChallenge['kind'], string> = {
  ip: 'Address',
  network: 'Network',
  pair: 'Address on account',
  account: 'Account',
  everyone: 'Everybody',
};

export const kindText = (kind: keyof typeof KINDS): string => KINDS[kind];

/** The value of a restriction as a person reads it. */
export function valueText({ kind, value }: Pick<SecurityBlock | SecurityChallenge, 'kind' | 'value'>): string {
  if (kind === 'everyone') return 'every sign-in';
  const [first = '', account] = value.split('|');
  if (kind === 'account') return shortAccount(first);
  return account === undefined ? first : `${first} on ${shortAccount(account)}`;
}

/** How an event looks in a list. */
export function eventLook({ event, owasp }: Pick<SecurityEventItem, 'event' | 'owasp'>): StateProps {
  const name = owasp ?? event;
  const word = event.replaceAll('_', ' ');
  if (name.startsWith('authn_login_success')) return { tone: 'ok', word };
  if (name.startsWith('authn_login_fail') || event === 'failed_authentication') return { tone: 'warn', word };
  return { tone: 'info', word };
}
