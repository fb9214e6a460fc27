import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import { slug } from '../../lib/section.ts';
import { parseRunbook, type Runbook } from './parse.ts';

/** Runbooks and procedures: those that came with YumOps, and those beside the configuration, which win. */
export interface RunbookShelf {
  /** In order of their titles. */
  list(): Runbook[];
  /** @throws YumOpsError `runbook_not_found` (404) */
  read(id: string): Runbook;
  /** Id of the runbook for an alert: the file that it names, else the one that goes with its name; null = none. */
  idFor(alert: { rule: string; runbook: string | null }): string | null;
}

/** The folder that ships with the package; at the same distance from `src` and from `dist`. */
const SHIPPED = fileURLToPath(new URL('../../../runbooks', import.meta.url));
const FOLDER = 'runbooks';
const FILE = /^([\w][\w.-]*)\.md$/;

/** @param root the folder of the configuration in use, whose `runbooks/` is read each time */
export function createShelf(root: () => string): RunbookShelf {
  const shipped = readFolder(SHIPPED, true);
  const all = () => new Map([...shipped, ...readFolder(join(root(), FOLDER), false)]);
  return {
    list: () => [...all().values()].sort((a, b) => (a.title < b.title ? -1 : 1)),
    read(id) {
      const found = all().get(id);
      if (found) return found;
      throw new YumOpsError('runbook_not_found', `There is no runbook "${id}".`, {
        hint: `Put it into ${FOLDER}/${id}.md beside the configuration.`,
        status: 404,
      });
    },
    idFor({ rule, runbook }) {
      const known = all();
      const named = runbook === null || /^[a-z]+:\/\//i.test(runbook) ? null : idOfFile(runbook);
      if (named !== null && known.has(named)) return named;
      const own = [...known.values()].find(({ id, alerts }) => alerts.includes(rule) || id === slug(rule));
      return own?.id ?? null;
    },
  };
}

/** `runbooks/high-error-rate.md` and `high-error-rate` are the runbook of this id. */
function idOfFile(path: string): string {
  return (path.split('/').at(-1) ?? path).replace(/\.md$/, '');
}

function readFolder(folder: string, shipped: boolean): Map<string, Runbook> {
  const found = new Map<string, Runbook>();
  for (const name of namesIn(folder)) {
    const id = FILE.exec(name)?.[1];
    if (id !== undefined) found.set(id, parseRunbook(id, readFileSync(join(folder, name), 'utf8'), shipped));
  }
  return found;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}
