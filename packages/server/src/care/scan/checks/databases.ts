import type { DatabaseAccess, DatabaseFinding } from '../../database/index.ts';
import { found, type ScanCheck, unseenFor } from '../check.ts';
import type { Found, ScanSeverity } from '../finding.ts';
import { endedSince, POSTGRES_ENDS } from './versions.ts';

/** One of the configured databases. */
export interface LookedDatabase {
  name: string;
  /** Rights and row level security, as `yumops db check` finds them, and who may what on the server. */
  look(signal: AbortSignal): Promise<{ findings: readonly DatabaseFinding[]; access: DatabaseAccess }>;
}

/** Rights, row level security and roles of the databases of the application. */
export function databasesCheck(databases: () => readonly LookedDatabase[]): ScanCheck {
  return {
    name: 'databases',
    title: 'Databases',
    kinds: ['weekly', 'monthly'],
    async run({ now, signal }) {
      const all = databases();
      if (all.length === 0) return { findings: [], looked: 'No database is configured.', off: true };
      const findings: Found[] = [];
      for (const database of all) {
        const subject = `database ${database.name}`;
        try {
          const { findings: remarks, access } = await database.look(signal);
          findings.push(
            ...remarks.flatMap((remark) => ofRemark(subject, remark)),
            ...judgeAccess(subject, access, now),
          );
        } catch (error) {
          signal.throwIfAborted();
          findings.push(unseenFor(subject, `The rights in ${subject} were not looked at`, error));
        }
      }
      return {
        findings,
        looked: `${all.map(({ name }) => name).join(', ')}: rights, row level security, roles, version.`,
      };
    },
  };
}

const SEVERITIES: Record<DatabaseFinding['severity'], ScanSeverity | null> = {
  critical: 'high',
  warning: 'medium',
  unknown: 'unknown',
  info: null,
};

function ofRemark(subject: string, { code, severity, object, message, fix }: DatabaseFinding): Found[] {
  const grave = SEVERITIES[severity];
  if (grave === null) return [];
  const own = { subject, severity: grave, message, evidence: `Found by \`yumops db check\` as ${code}.` };
  return [
    found({
      ...own,
      // A look that failed is blind to the whole database.
      ...(grave === 'unknown' ? { code: `not_seen_${object.replaceAll(/\W+/g, '_')}`, object: '' } : { code, object }),
      fix: fix ?? 'Mend what the message names, then run the scan again.',
    }),
  ];
}

/** What is wrong with the roles of a server, how they sign in, and its version. @param now ms since the epoch */
export function judgeAccess(subject: string, access: DatabaseAccess, now: number): Found[] {
  const findings: Found[] = access.superusers.map(({ role, sessions }) =>
    found({
      ...{ code: 'superuser_app', subject, object: `role ${role}`, severity: 'high' },
      message: `The application works in ${subject} as the superuser ${role}: one injected statement may do anything.`,
      evidence: `${sessions} of its sessions are open now.`,
      fix: 'Give the application a role of its own that owns nothing and has rights by name: `CREATE ROLE app LOGIN NOSUPERUSER`.',
    }),
  );
  if (access.own.superuser) {
    findings.push(
      found({
        ...{ code: 'superuser_watch', subject, object: `role ${access.own.role}`, severity: 'low' },
        message: `YumOps watches ${subject} as the superuser ${access.own.role}.`,
        evidence: 'The address under databases names a superuser.',
        fix: 'Give it a role that only watches: `CREATE ROLE yumops LOGIN; GRANT pg_monitor TO yumops`.',
      }),
    );
  }
  if (access.passwordEncryption === 'md5') {
    findings.push(
      found({
        ...{ code: 'password_md5', subject, severity: 'medium' },
        message: `New passwords of ${subject} are stored as MD5.`,
        evidence: 'password_encryption = md5',
        fix: "`ALTER SYSTEM SET password_encryption = 'scram-sha-256'`, reload, then set each password anew.",
      }),
    );
  }
  if (access.remoteWithoutTls > 0) {
    findings.push(
      found({
        ...{ code: 'sessions_plain', subject, severity: 'medium' },
        message: `Sessions from other machines reach ${subject} without TLS.`,
        evidence: `${access.remoteWithoutTls} are open now.`,
        fix: 'Switch ssl on, and let pg_hba.conf take hostssl from other machines only.',
      }),
    );
  }
  const evidence = endedSince(access.major, POSTGRES_ENDS, now);
  if (evidence !== null) {
    findings.push(
      found({
        ...{ code: 'version_ended', subject, object: `Postgres ${access.major}`, severity: 'medium', evidence },
        message: `Postgres ${access.major}, on which ${subject} runs, gets no security fixes any more.`,
        fix: 'Move to a version that is supported; the guide tells how a backup crosses versions.',
      }),
    );
  }
  return findings;
}
