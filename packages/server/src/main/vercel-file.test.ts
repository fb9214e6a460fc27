import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MemoryLoad, Plan, RouteLoad } from '../care/scaling/index.ts';
import { formatFindings } from '../config/format.ts';
import { checkVercelFile, readProjectFiles, readVercelFile } from './vercel-file.ts';

const FOLDER = join(import.meta.dirname, '..', 'care', 'scaling', 'vercel', 'testdata');
const EXAMPLE = join(import.meta.dirname, '..', '..', '..', '..', 'examples', 'yumzoom');
const NOW = Date.UTC(2026, 10, 30, 9);

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

const routes: RouteLoad[] = [
  { endpoint: '/api/search', requests: 5_000, p50: 120, p99: 4_200, slowest: 9_000 },
  { endpoint: '/api/items/:id', requests: 400, p50: 80, p99: 1_500, slowest: 2_000 },
  { endpoint: '/menu', requests: 20, p50: 80, p99: 500_000, slowest: 600_000 },
];
const memory: MemoryLoad[] = [
  { service: 'shop', percent: 91.4, samples: 5_760 },
  { service: 'mailer', percent: 40, samples: 5_760 },
];

/** How a file is checked, by the code in its name. */
function contextOf(name: string) {
  const plan: Plan = /E407|E412/.test(name) ? 'hobby' : 'pro';
  const jobs = [
    { name: 'backup', pattern: '0 3 * * *', timeZone: name.startsWith('W401') ? 'America/New_York' : 'UTC' },
  ];
  const used = name.startsWith('W406') ? memory : [];
  return { plan, jobs, now: NOW, measured: /W405|W406|I402/.test(name) ? { routes, memory: used } : null };
}

describe('one file for each mistake', () => {
  test.each(files)('%s', async (name) => {
    const text = formatFindings(await checkVercelFile(name, contextOf(name), FOLDER)).replaceAll(`${name}:`, '');
    const golden = join(FOLDER, name.replace('.json', '.txt'));
    if (process.env.WRITE_GOLDEN) writeFileSync(golden, text);
    expect(text).toBe(readFileSync(golden, 'utf8'));
    for (const code of name.match(/^[EWI]\d{3}/) ?? ['']) expect(text).toContain(code);
  });

  const sources = readdirSync(join(FOLDER, '..')).filter((name) => name.endsWith('.ts'));
  const written = sources.map((name) => readFileSync(join(FOLDER, '..', name), 'utf8')).join('\n');
  const codes = [...new Set(written.match(/(?<=')[EWI]4\d\d(?=')/g))].sort();

  test('every code has a file, and is explained in the reference', () => {
    const covered = files.flatMap((name) => name.match(/^[EWI]4\d\d/) ?? []);
    expect([...new Set(covered)].sort()).toEqual(codes);
    const page = readFileSync(join(EXAMPLE, '..', '..', 'docs', 'reference', 'vercel-findings.md'), 'utf8');
    expect(
      page
        .match(/^\| [EWI]4\d\d/gm)
        ?.map((cell) => cell.slice(2))
        .sort(),
    ).toEqual(codes);
  });
});

test('a file of no project is judged by itself', async () => {
  const project = await readProjectFiles(join(FOLDER, 'app', 'api', 'cron'));
  expect(project).toEqual([]);
});

test('functions of a project and what they answer', async () => {
  expect(await readProjectFiles(FOLDER)).toEqual([
    { file: 'app/(shop)/menu/page.jsx', route: '/menu' },
    { file: 'app/api/cron/backup/route.js', route: '/api/cron/backup' },
    { file: 'app/api/items/[id]/route.js', route: '/api/items/[id]' },
    { file: 'app/api/search/route.js', route: '/api/search' },
  ]);
});

test("the guide's own file: a pattern of no file, memory that is ignored, and the order of patterns", async () => {
  const findings = await checkVercelFile('vercel.json', { plan: 'pro', jobs: [], now: NOW, measured: null }, EXAMPLE);
  expect(findings.map(({ code, line }) => `${line} ${code}`)).toEqual([
    '5 W402',
    '6 I401',
    '6 I404',
    '8 E402',
    '10 W402',
    '11 I401',
    '11 I404',
    '15 I404',
  ]);
});

test('a file that is not there is named', async () => {
  await expect(readVercelFile('nowhere.json', FOLDER)).rejects.toMatchObject({ code: 'no_such_file' });
});
