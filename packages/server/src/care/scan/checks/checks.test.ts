import { describe, expect, test } from 'vitest';
import type { DatabaseAccess } from '../../database/index.ts';
import type { Found } from '../finding.ts';
import { databasesCheck, judgeAccess } from './databases.ts';
import { judgeClock, judgeKinds, judgeRetention, loggingCheck } from './logging.ts';
import { type AccountReview, maskEmail, peopleCheck, type TokenReview } from './people.ts';
import { judgePosture, type PostureFacts } from './posture.ts';
import { searchFile, secretIn } from './secrets/config-files.ts';
import { knownToken } from './secrets/known-tokens.ts';
import { judgeRows } from './secrets/stored-logs.ts';
import { endedSince, NODE_ENDS, POSTGRES_ENDS, VERSIONS_CHECKED } from './versions.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 30);
const codes = (findings: readonly Found[]) => findings.map(({ code }) => code);
const context = { now: NOW, signal: new AbortController().signal };

describe('accounts and tokens', () => {
  const ada: AccountReview = {
    ...{ id: 'u1', email: 'ada@shop.test', role: 'admin', createdAt: NOW - 400 * DAY, lastSeenAt: NOW - DAY },
    secondFactor: true,
  };
  const token: TokenReview = {
    ...{ id: 't1', name: 'deploy', role: 'responder', createdAt: NOW - 10 * DAY, expiresAt: NOW + DAY },
    ...{ lastUsedAt: NOW - DAY, revokedAt: null },
  };
  const run = async (accounts: AccountReview[], tokens: TokenReview[] = []) => {
    const check = peopleCheck({
      accounts: async () => accounts,
      tokens: async () => tokens,
      staleAfterMs: () => 90 * DAY,
    });
    return (await check.run(context)).findings;
  };

  test('that are in use and well kept have nothing against them', async () => {
    expect(await run([ada], [token])).toEqual([]);
  });

  test.each<[string, Partial<AccountReview>, string]>([
    ['was away', { lastSeenAt: NOW - 91 * DAY }, 'account_stale'],
    ['never came', { lastSeenAt: null }, 'account_stale'],
    ['has a password alone', { secondFactor: false }, 'no_second_factor'],
  ])('an account that %s', async (_, changes, code) => {
    const findings = await run([{ ...ada, ...changes }]);
    expect(codes(findings)).toEqual([code]);
    expect(findings[0]).toMatchObject({ severity: 'medium', object: 'u1' });
    expect(JSON.stringify(findings)).not.toContain('ada@');
  });

  test.each<[string, Partial<TokenReview>, string[]]>([
    ['was never used', { lastUsedAt: null, createdAt: NOW - 100 * DAY }, ['token_unused']],
    ['never expires', { expiresAt: null }, ['token_endless']],
    ['is revoked', { expiresAt: null, revokedAt: NOW - DAY }, []],
    ['has expired', { expiresAt: NOW - DAY, lastUsedAt: null, createdAt: NOW - 100 * DAY }, []],
  ])('a token that %s', async (_, changes, expected) => {
    expect(codes(await run([ada], [{ ...token, ...changes }]))).toEqual(expected);
  });

  test('many administrators, and no more than half of many people', async () => {
    const people = (admins: number, others: number) => [
      ...Array.from({ length: admins }, (_, index) => ({ ...ada, id: `a${index}` })),
      ...Array.from({ length: others }, (_, index) => ({ ...ada, id: `o${index}`, role: 'viewer' as const })),
    ];
    expect(codes(await run(people(4, 3)))).toEqual(['many_admins']);
    expect(await run(people(4, 4))).toEqual([]);
    expect(await run(people(3, 0))).toEqual([]);
  });

  test.each([
    ['ada@shop.test', 'ad…@shop.test'],
    ['x@shop.test', 'x@shop.test'],
  ])('%s is shown as %s', (email, shown) => expect(maskEmail(email)).toBe(shown));
});

describe('databases', () => {
  const access: DatabaseAccess = {
    ...{ superusers: [], own: { role: 'watch', superuser: false }, passwordEncryption: 'scram-sha-256' },
    ...{ remoteWithoutTls: 0, major: 18 },
  };

  test.each<[string, Partial<DatabaseAccess>]>([
    ['superuser_app', { superusers: [{ role: 'postgres', sessions: 4 }] }],
    ['superuser_watch', { own: { role: 'postgres', superuser: true } }],
    ['password_md5', { passwordEncryption: 'md5' }],
    ['sessions_plain', { remoteWithoutTls: 3 }],
    ['version_ended', { major: 9 }],
    ['version_ended', { major: 14 }],
  ])('%s is found, and nothing on a clean server', (code, changes) => {
    expect(codes(judgeAccess('database main', { ...access, ...changes }, NOW))).toEqual([code]);
    expect(judgeAccess('database main', access, NOW)).toEqual([]);
  });

  test('one that is away is unknown, and the others are looked at', async () => {
    const remark = {
      database: 'b',
      key: 'k',
      code: 'rls_off',
      severity: 'critical',
      fix: 'ALTER …',
      message: 'Off.',
    } as const;
    const check = databasesCheck(() => [
      { name: 'a', look: () => Promise.reject(new Error('it is away')) },
      { name: 'b', look: async () => ({ findings: [{ ...remark, object: 'public.t' }], access }) },
    ]);
    const { findings } = await check.run(context);
    expect(findings.map(({ subject, severity }) => [subject, severity])).toEqual([
      ['database a', 'unknown'],
      ['database b', 'high'],
    ]);
  });
});

describe('secrets', () => {
  // Built here, so that no search for secrets stops at this file.
  const github = `ghp_${'a1'.repeat(18)}`;
  const slack = `https://hooks.slack.com/services/T0ABCDEFG/B0ABCDEFG/${'x9'.repeat(12)}`;

  test.each([
    ['smtp: {password: hunter22}', 'credentials in a text'],
    ['  api_token: abcdef123456', 'value of api_token'],
    ['"client_secret": "abcdef123456",', 'value of client_secret'],
    ['DATABASE_PASSWORD=abcdef', 'value of DATABASE_PASSWORD'],
    ['url: postgres://app:hunter22@db/shop', 'credentials in a text'],
    [`webhook: "${slack}"`, 'Slack webhook'],
    [`note: ${github}`, 'GitHub token'],
  ])('%s is one', (line, kind) => expect(secretIn(line)).toBe(kind));

  const variable = (name: string) => `\${${name}}`;

  test.each([
    `password: "${variable('SMTP_PASSWORD')}"`,
    'token: file:./token',
    `key: "file:${variable('DATA')}/backup.key"`,
    `url: "postgres://app:${variable('PASSWORD')}@db/shop"`,
    '# password: hunter22 is what not to write',
    'client_secret: YOUR_SECRET',
    'password: changeme',
    'breached_passwords: true',
    'auth:',
    `auth: {bearer: "${variable('TOKEN')}"}`,
    `- {name: main, url: "${variable('DATABASE_URL')}"}`,
    'schedule: "0 3 * * *"',
    `webhook: "${variable('SLACK_WEBHOOK')}"`,
  ])('%s is none', (line) => expect(secretIn(line)).toBeNull());

  test('places are told, and no secret', () => {
    const file = { path: 'yumops.yml', text: `service: shop\ntoken: ${github}\n`, mode: 0o644, isForSecrets: false };
    const findings = searchFile(file);
    expect(findings).toMatchObject([{ code: 'secret_in_file', object: 'line 2', severity: 'high' }]);
    expect(JSON.stringify(findings)).not.toContain(github);
    expect(searchFile({ ...file, text: 'service: shop\n' })).toEqual([]);
  });

  test('a file for secrets is one that others must not read', () => {
    const file = { path: '.env', text: 'API_TOKEN=abcdef123456\n', mode: 0o100644, isForSecrets: true };
    expect(codes(searchFile(file))).toEqual(['secrets_readable']);
    expect(searchFile({ ...file, mode: 0o100600 })).toEqual([]);
  });

  test('stored records: one finding for each service, field and kind', () => {
    const row = { id: 'r1', at: NOW, service: 'shop', message: 'ok', attributes: {} };
    const findings = judgeRows([
      row,
      { ...row, id: 'r2', message: `called with ${github}` },
      { ...row, id: 'r3', at: NOW + 1, message: `called again with ${github}` },
      { ...row, id: 'r4', attributes: { password: 'hunter22', note: 'fine', token: '[redacted]' } },
    ]);
    expect(findings.map(({ object }) => object)).toEqual([
      'shop: GitHub token in message',
      'shop: value of password in attribute password',
    ]);
    expect(findings[0]?.evidence).toContain('2 of 4 sampled records; the newest is r3');
    expect(JSON.stringify(findings)).not.toMatch(/ghp_|hunter22/);
  });

  test('an ordinary text is no token', () => {
    expect(knownToken('task-force skirmish SKU 0123456789, xoxo, sk-learn')).toBeNull();
  });
});

describe('logging', () => {
  test('what never came is told by kind; when nothing came, once', () => {
    expect(judgeKinds({ all: 9, since: NOW, kinds: [1, 1, 1, 1, 1] }, 30 * DAY)).toEqual([]);
    expect(judgeKinds({ all: 9, since: NOW, kinds: [1, 1, 0, 1, 1] }, 30 * DAY)).toMatchObject([
      { code: 'kind_never_seen', object: 'access that is denied' },
    ]);
    expect(codes(judgeKinds({ all: 0, since: NOW, kinds: [0, 0, 0, 0, 0] }, 30 * DAY))).toEqual(['no_security_events']);
  });

  test.each([
    [2, 0, []],
    [7_200, 0, ['clock_off']],
    [-3_600, 0, ['clock_off']],
    [0, 50, ['clock_off']],
    [0, 3, []],
  ])('records %d s off, %d of them unlikely', (skew, unlikely, expected) => {
    expect(codes(judgeClock({ service: 'shop', records: 1_000, skew, unlikely }))).toEqual(expected);
  });

  test.each([
    ['is whole', [], []],
    ['was changed', [{ code: 'altered', message: 'Entry 7 was changed.' }], ['audit_log_altered']],
  ])('an audit log that %s', async (_, faults, expected) => {
    const rows = { total: 5, oldest: NOW - DAY, k0: 1, k1: 1, k2: 1, k3: 1, k4: 1 };
    const check = loggingCheck({
      telemetry: { query: async <Row>(sql: string) => (sql.includes('AS skew') ? [] : [rows as Row]) },
      verifyAudit: async () => ({ entries: 9, faults }),
      config: () => ({ seenWithinMs: 30 * DAY, keptSecurityMs: 400 * DAY, keptLogsMs: 30 * DAY }),
    });
    const { findings, looked } = await check.run(context);
    expect(findings.map(({ code, severity, object }) => [code, severity, object])).toEqual(
      expected.map((code) => [code, 'critical', 'altered: Entry 7 was changed.']),
    );
    expect(looked).toContain("9 of the audit log's entries");
  });

  test('what is kept too short', () => {
    expect(judgeRetention(400 * DAY, 30 * DAY)).toEqual([]);
    expect(judgeRetention(30 * DAY, 3 * DAY).map(({ object }) => object)).toEqual(['security', 'logs']);
  });
});

describe('this platform', () => {
  const good: PostureFacts = {
    secretKey: { length: 64, distinct: 16, placeholder: false, fileMode: 0o100600 },
    ...{
      publicUrl: 'https://ops.shop.test',
      listensOutside: true,
      providers: [],
      breachedPasswords: true,
      data: { writable: false, readable: [] },
    },
    links: [
      {
        name: 'the state store',
        setting: 'YUMOPS_STATE_URL',
        protocol: 'postgres:',
        host: '127.0.0.1',
        encrypted: false,
      },
    ],
    ...{ databases: ['main'], node: 'v24.1.0' },
    backups: [{ name: 'nightly', database: 'main', hasKey: true, problems: [] }],
  };
  const provider = { id: 'google', domains: ['shop.test'], role: 'viewer' };
  const link = {
    name: 'the state store',
    setting: 'YUMOPS_STATE_URL',
    protocol: 'postgres:',
    host: 'db.test',
    encrypted: false,
  };
  const backup = { name: 'nightly', database: 'main', hasKey: true, problems: [] };

  test('that is well set up has nothing against it', () => {
    expect(judgePosture({ ...good, providers: [provider] }, NOW)).toEqual([]);
  });

  test.each<[string, Partial<PostureFacts>]>([
    ['secret_key_weak', { secretKey: { ...good.secretKey, distinct: 1 } }],
    ['secret_key_weak', { secretKey: { ...good.secretKey, placeholder: true } }],
    ['secret_key_readable', { secretKey: { ...good.secretKey, fileMode: 0o100644 } }],
    ['no_public_url', { publicUrl: null }],
    ['public_url_plain', { publicUrl: 'http://ops.shop.test' }],
    ['registration_open', { providers: [{ ...provider, domains: ['gmail.com'] }] }],
    ['admins_by_themselves', { providers: [{ ...provider, role: 'admin' }] }],
    ['breached_passwords_allowed', { breachedPasswords: false }],
    ['data_open', { data: { writable: true, readable: [] } }],
    ['data_open', { data: { writable: false, readable: ['spool'] } }],
    ['link_plain', { links: [link] }],
    ['no_backup', { backups: [] }],
    ['backup_no_key', { backups: [{ ...backup, hasKey: false }] }],
    ['backup_unsure', { backups: [{ ...backup, problems: [{ code: 'never_verified', message: 'Never.' }] }] }],
    ['version_ended', { node: 'v20.20.2' }],
  ])('%s', (code, changes) => {
    expect(codes(judgePosture({ ...good, ...changes }, NOW))).toEqual([code]);
  });

  test('what is known of versions is told to be old after 180 days', () => {
    const checked = Date.parse(VERSIONS_CHECKED);
    const fresh = { ...good, node: 'v26.1.0' };
    expect(judgePosture(fresh, checked + 180 * DAY)).toEqual([]);
    expect(judgePosture(fresh, checked + 181 * DAY)).toMatchObject([
      { code: 'version_table_old', severity: 'low', evidence: expect.stringContaining('older than 180 days') },
    ]);
  });

  test.each([
    ['Node.js 26', NODE_ENDS, 26, '2029-04-30'],
    ['Node.js 25', NODE_ENDS, 25, '2026-06-01'],
    ['Node.js 24', NODE_ENDS, 24, '2028-04-30'],
    ['Node.js 22', NODE_ENDS, 22, '2027-04-30'],
    ['Postgres 18', POSTGRES_ENDS, 18, '2030-11-14'],
    ['Postgres 17', POSTGRES_ENDS, 17, '2029-11-08'],
    ['Postgres 14', POSTGRES_ENDS, 14, '2026-11-12'],
  ])('%s is supported until its last day, and no longer', (_, ends, major, last) => {
    expect(endedSince(major, ends, Date.parse(last) + DAY - 1)).toBeNull();
    expect(endedSince(major, ends, Date.parse(last) + DAY)).toContain(last);
  });
});
