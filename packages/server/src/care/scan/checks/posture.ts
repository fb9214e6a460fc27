import type { FoundOf } from '../check.ts';
import { found, plural, type ScanCheck } from '../check.ts';
import type { Found } from '../finding.ts';
import { endedSince, NODE_ENDS, tablesOutdated, VERSIONS_CHECKED } from './versions.ts';

/** What this platform knows of how it is set up. Nothing in it is a secret. */
export interface PostureFacts {
  /** Of the secret key: how many characters it has, how many different ones, and the mode of its file (null = from the environment). */
  secretKey: { length: number; distinct: number; placeholder: boolean; fileMode: number | null };
  publicUrl: string | null;
  /** Whether other machines reach the port without a proxy. */
  listensOutside: boolean;
  /** Providers of sign-in, with the domains whose people get an account by themselves. */
  providers: readonly { id: string; domains: readonly string[]; role: string }[];
  breachedPasswords: boolean;
  /** Whether others may write to the data folder, and what in it they may read, by name. */
  data: { writable: boolean; readable: readonly string[] };
  /** Connections to stores and databases. */
  links: readonly StoreLink[];
  databases: readonly string[];
  backups: readonly {
    name: string;
    database: string | null;
    hasKey: boolean;
    problems: readonly { code: string; message: string }[];
  }[];
  node: string;
}

/** An address that this platform connects to, without credentials. */
export interface StoreLink {
  /** As it stands in a sentence: `the state store`. */
  name: string;
  /** Where it stands: `YUMOPS_STATE_URL`. */
  setting: string;
  protocol: string;
  host: string;
  /** Whether the address itself asks for TLS. */
  encrypted: boolean;
}

const SUBJECT = 'YumOps';
/** Mail domains where anybody gets an address. */
const PUBLIC_MAIL = new Set([
  ...['gmail.com', 'googlemail.com', 'outlook.com', 'hotmail.com', 'live.com', 'yahoo.com', 'icloud.com', 'me.com'],
  ...['proton.me', 'protonmail.com', 'gmx.de', 'gmx.net', 'web.de', 'aol.com', 'mail.com', 'yandex.ru', 'qq.com'],
]);

/** How this platform itself is set up. It asks nobody outside. */
export function postureCheck(facts: () => Promise<PostureFacts>): ScanCheck {
  return {
    name: 'posture',
    title: 'This platform',
    kinds: ['weekly', 'monthly'],
    async run({ now }) {
      const known = await facts();
      return {
        findings: judgePosture(known, now),
        looked: `Secret key, addresses, sign-in, files, ${plural(known.links.length, 'connection')}, ${plural(known.backups.length, 'backup')}, version.`,
      };
    },
  };
}

/** @param now ms since the epoch */
export function judgePosture(facts: PostureFacts, now: number): Found[] {
  const wrong = [
    ...judgeKey(facts.secretKey),
    ...judgeAddress(facts),
    ...judgeSignIn(facts),
    ...judgeFolder(facts.data),
    ...facts.links.flatMap(judgeLink),
    ...judgeBackups(facts),
    ...judgeVersions(facts, now),
    ...judgeTables(now),
  ];
  return wrong.map((one) => found({ subject: SUBJECT, ...one }));
}

type Wrong = Omit<FoundOf, 'subject'>;

function judgeKey({ length, distinct, placeholder, fileMode }: PostureFacts['secretKey']): Wrong[] {
  const wrong: Wrong[] = [];
  if (length < 32 || distinct < 10 || placeholder) {
    wrong.push({
      ...{ code: 'secret_key_weak', severity: 'high', message: 'The secret key can be guessed.' },
      evidence: placeholder
        ? 'It is a placeholder of a template.'
        : `${length} characters, ${distinct} different ones.`,
      fix: 'Set YUMOPS_SECRET_KEY to the output of `openssl rand -hex 32`; people sign in again after it.',
    });
  }
  if (fileMode !== null && (fileMode & 0o077) !== 0) {
    wrong.push({
      ...{
        code: 'secret_key_readable',
        severity: 'high',
        message: 'Other users of the machine may read the secret key.',
      },
      evidence: `Mode 0${(fileMode & 0o777).toString(8)} of the file beside the data folder.`,
      fix: '`chmod 600` the file, and give YumOps a new key if others use the machine.',
    });
  }
  return wrong;
}

function judgeAddress({ publicUrl, listensOutside }: PostureFacts): Wrong[] {
  if (publicUrl === null) {
    if (!listensOutside) return [];
    return [
      {
        ...{
          code: 'no_public_url',
          severity: 'medium',
          message: 'Other machines reach the console, and no public_url says how.',
        },
        evidence: 'public_url is not set, and the port is open to other machines.',
        fix: 'Set public_url to the https address of a proxy in front, and listen on 127.0.0.1.',
      },
    ];
  }
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === 'https:' || isLoopback(hostname)) return [];
  return [
    {
      ...{
        code: 'public_url_plain',
        severity: 'high',
        message: 'People reach the console without TLS: sessions and passwords can be read on the way.',
      },
      evidence: `public_url is ${publicUrl}.`,
      fix: 'Put a proxy with TLS in front, and set public_url to its https address.',
    },
  ];
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '' || host.startsWith('/') || /^127\.|^\[?::1\]?$/.test(host);
}

function judgeSignIn({ providers, breachedPasswords }: PostureFacts): Wrong[] {
  const open = providers.flatMap(({ id, domains, role }) => {
    const anybody = domains.filter((domain) => PUBLIC_MAIL.has(domain));
    if (anybody.length === 0) return [];
    return [
      {
        ...{ code: 'registration_open', object: id, severity: 'high' as const },
        message: `Anybody with an address of ${anybody.join(', ')} gets an account as ${role} by ${id}.`,
        evidence: `sign_in.oidc "${id}" lists ${anybody.join(', ')} under domains.`,
        fix: 'List the domains of your own organisation alone.',
      },
    ];
  });
  const grand = providers.flatMap(({ id, role }) =>
    role === 'admin'
      ? [
          {
            ...{ code: 'admins_by_themselves', object: id, severity: 'medium' as const },
            message: `Whoever comes by ${id} may do everything.`,
            evidence: `sign_in.oidc "${id}" has role: admin.`,
            fix: 'Write role: viewer, and raise people one by one.',
          },
        ]
      : [],
  );
  if (breachedPasswords) return [...open, ...grand];
  return [
    ...open,
    ...grand,
    {
      ...{
        code: 'breached_passwords_allowed',
        severity: 'low',
        message: 'Passwords that are known from break-ins are taken.',
      },
      evidence: 'sign_in.breached_passwords is false.',
      fix: 'Take the key out, where this machine reaches the list; a check sends five characters of a hash.',
    },
  ];
}

function judgeFolder({ writable, readable }: PostureFacts['data']): Wrong[] {
  if (!writable && readable.length === 0) return [];
  return [
    {
      ...{ code: 'data_open', severity: 'high' },
      message: `Other users of the machine may ${writable ? 'write to the data folder' : 'read what YumOps stores'}.`,
      evidence: writable ? 'Others may write to the data folder.' : `Readable by others: ${readable.join(', ')}.`,
      fix: '`chmod -R o-rw` the data folder.',
    },
  ];
}

function judgeLink({ name, setting, protocol, host, encrypted }: StoreLink): Wrong[] {
  if (encrypted || isLoopback(host)) return [];
  return [
    {
      ...{ code: 'link_plain', object: name, severity: 'high' },
      message: `What goes between YumOps and ${name} may be read on the way, its password too.`,
      evidence: `${setting} is ${protocol}//${host} without TLS.`,
      fix: protocol.startsWith('postgres')
        ? `Add ?sslmode=verify-full to ${setting}.`
        : `Write the https:// or rediss:// address of ${name}.`,
    },
  ];
}

/** Codes of problems of a backup which mean that nobody can rely on it. */
const UNVERIFIED = new Set(['never_verified', 'verification_failed', 'unreadable', 'failed', 'missed']);

function judgeBackups({ databases, backups }: PostureFacts): Wrong[] {
  const bare = databases
    .filter((name) => !backups.some(({ database }) => database === name))
    .map(
      (name): Wrong => ({
        ...{
          code: 'no_backup',
          object: name,
          severity: 'high',
          message: `There is no backup of the database ${name}.`,
        },
        evidence: 'No item of backups names it.',
        fix: 'Add it under backups; the guide has a chapter on it.',
      }),
    );
  const weak = backups.flatMap(({ name, hasKey, problems }): Wrong[] => {
    const unsure = problems.filter(({ code }) => UNVERIFIED.has(code));
    return [
      ...(hasKey
        ? []
        : [
            {
              ...{ code: 'backup_no_key', object: name, severity: 'high' as const },
              message: `The backup ${name} has no usable key, and is not made: nothing is stored unencrypted.`,
              evidence: 'Its key cannot be read.',
              fix: '`yumops backup key create FILE`, and name the file under key.',
            },
          ]),
      ...unsure.map(({ code, message }) => ({
        ...{ code: 'backup_unsure', object: `${name} ${code}`, severity: 'medium' as const, message },
        evidence: `Backup ${name}: ${code.replaceAll('_', ' ')}.`,
        fix: `See the page Backups, or \`yumops backup verify\` of its newest.`,
      })),
    ];
  });
  return [...bare, ...weak];
}

function judgeVersions({ node }: PostureFacts, now: number): Wrong[] {
  const evidence = endedSince(Number.parseInt(node.replace(/^v/, ''), 10), NODE_ENDS, now);
  if (evidence === null) return [];
  return [
    {
      ...{ code: 'version_ended', object: 'Node.js', severity: 'medium', evidence },
      message: `Node.js ${node}, on which YumOps runs, gets no security fixes any more.`,
      fix: 'Run it on a version with long-term support.',
    },
  ];
}

/** What is known here of other software grows old with this version of YumOps. */
function judgeTables(now: number): Wrong[] {
  const days = tablesOutdated(now);
  if (days === null) return [];
  return [
    {
      ...{ code: 'version_table_old', object: 'support of versions', severity: 'low' },
      message: 'It is no longer known for sure which versions of Node.js and Postgres get security fixes.',
      evidence: `The table is older than 180 days: it was compared with what is published on ${VERSIONS_CHECKED}, ${days} days ago.`,
      fix: 'Upgrade YumOps; a newer version brings a newer table.',
    },
  ];
}
