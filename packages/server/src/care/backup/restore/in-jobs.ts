import { runBeside } from '../../../lib/slots.ts';
import type { BackupDatabase, ClientPrograms } from '../database.ts';
import type { TableRecord } from '../logical/rows.ts';
import { LARGE_ROWS } from '../logical/rows.ts';
import type { BackupManifest, ManifestObject } from '../manifest.ts';
import { dumpsOf, readArchive, readTables } from '../objects.ts';
import type { RestoreDeps } from './into-database.ts';
import { lateEntries } from './late-entries.ts';

interface RestoreInJobs {
  manifest: BackupManifest;
  programs: ClientPrograms;
  database: BackupDatabase;
  /** Arguments of every `pg_restore`. */
  args: readonly string[];
  /** Lines of the contents that are restored; undefined = all. */
  only: readonly string[] | undefined;
  /** Programs at once. */
  jobs: number;
}

/** As in one run of `pg_restore` they come last: an index may call what its owner may call no more. */
const PRIVILEGES = /^\d+; \d+ \d+ ACL /;

/**
 * Restores into a database that nobody needs when it fails: it is then half filled. First what tables are, then their rows archive
 * by archive, then their indexes, each by a program of its own, then what needs both. No archive is ever a file.
 */
export async function restoreInJobs(
  { repository, client, progress, signal }: RestoreDeps,
  { manifest, programs, database, args, only, jobs }: RestoreInJobs,
): Promise<void> {
  const dumps = dumpsOf(manifest);
  const [main, ...parts] = dumps as [ManifestObject, ...ManifestObject[]];
  const abort = new AbortController();
  const end = () => abort.abort(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  const total = dumps.reduce((sum, { plainBytes }) => sum + plainBytes, 0);
  let done = 0;
  const onPiece = (bytes: number) => {
    done += bytes;
    progress(done, total, 'bytes restored');
  };
  const restore = async (dump: ManifestObject, lines: readonly string[], heard?: typeof onPiece): Promise<void> => {
    if (lines.length === 0) return;
    const input = readArchive(repository, dump, heard);
    await client.restore(programs, database, { args, only: lines, input, signal: abort.signal });
  };
  const contents = (dump: ManifestObject, ...more: string[]) =>
    client.contents(programs, readArchive(repository, dump), more);
  const chosen = only === undefined ? undefined : new Set(only);
  const sectionOf = async (section: string) =>
    (await contents(main, `--section=${section}`)).filter((line) => /^\d+; /.test(line) && (chosen?.has(line) ?? true));
  try {
    signal.throwIfAborted();
    const sections = await Promise.all(['pre-data', 'data', 'post-data'].map(sectionOf));
    const privileges = sections.flat().filter((line) => PRIVILEGES.test(line));
    const [before = [], data = [], after = []] = sections.map((lines) =>
      lines.filter((line) => !PRIVILEGES.test(line)),
    );
    await restore(main, before);
    const rows = parts.map((part) => async () => {
      const lines = await contents(part);
      await restore(
        part,
        lines.filter((line) => /^\d+; \d+ \d+ TABLE DATA /.test(line)),
        onPiece,
      );
    });
    await runBeside([() => restore(main, data, onPiece), ...rows], abort, jobs);
    const late = lateEntries(after, await contents(main, '--verbose'));
    const { constraints, indexes, rest } = shareOut(after, await readTables(repository, manifest), late);
    let built = 0;
    const works = [...constraints, ...indexes];
    const build = (lines: readonly string[]) => async () => {
      await restore(main, lines);
      progress(++built, works.length, 'indexes and keys built');
    };
    // A key locks its table against everything, so that indexes of the same one would only wait for it.
    await runBeside(constraints.map(build), abort, jobs);
    await runBeside(indexes.map(build), abort, jobs);
    await restore(main, [...privileges, ...rest]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** What is built after the rows are there, each list by one program: those of large tables alone, longest first. */
export function shareOut(
  lines: readonly string[],
  tables: readonly TableRecord[],
  late: ReadonlySet<string>,
): { constraints: string[][]; indexes: string[][]; rest: string[] } {
  const rowsOf = new Map(
    tables.flatMap(({ schema, name, rows, parts }) =>
      parts.flatMap((part): [string, number][] => [
        [`INDEX ${schema} ${part}`, rows],
        [`CONSTRAINT ${schema} ${name} ${part}`, rows],
      ]),
    ),
  );
  const built: { kind: string; work: string; rows: number; line: string }[] = [];
  const rest: string[] = [];
  for (const line of lines) {
    const entry = /^\d+; \d+ \d+ ((INDEX|CONSTRAINT) .+) \S+$/.exec(line)?.[1];
    const [kind = ''] = entry?.split(' ') ?? [];
    const rows = rowsOf.get(entry ?? '') ?? 0;
    if (entry === undefined || late.has(line)) rest.push(line);
    else built.push({ kind, work: rows < LARGE_ROWS ? '' : workOf(entry), rows, line });
  }
  built.sort((a, b) => b.rows - a.rows);
  const gather = (wanted: string) => {
    const works = new Map<string, string[]>();
    for (const { kind, work, line } of built) {
      if (kind === wanted) works.set(work, [...(works.get(work) ?? []), line]);
    }
    return [...works.values()];
  };
  return { constraints: gather('CONSTRAINT'), indexes: gather('INDEX'), rest };
}

/** An index is a work; keys of one table are one, since they are built one after the other anyway. */
function workOf(entry: string): string {
  return entry.startsWith('CONSTRAINT ') ? entry.slice(0, entry.lastIndexOf(' ')) : entry;
}
