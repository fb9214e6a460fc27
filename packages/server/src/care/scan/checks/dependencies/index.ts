import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf, messageOf, YumOpsError } from '../../../../lib/errors.ts';
import { type CheckContext, found, type ScanCheck, unseen, unseenFor } from '../../check.ts';
import type { ScanConfig } from '../../config.ts';
import type { Found } from '../../finding.ts';
import type { AdvisoryAnswer, Hit } from './advisory.ts';
import { type Installed, readLockfile } from './lockfile.ts';
import { OLD_MS, readOsv } from './osv.ts';
import { askRegistry } from './registry.ts';

export interface DependenciesConfig extends Pick<ScanConfig, 'lockfiles' | 'registry' | 'advisories'> {
  /** The folder that paths count from. */
  root: string;
}

/** Known weaknesses of the packages that the application installs. */
export function dependenciesCheck(config: () => DependenciesConfig): ScanCheck {
  return {
    name: 'dependencies',
    title: 'Dependencies',
    kinds: ['weekly', 'monthly'],
    async run(context) {
      const { root, lockfiles, ...sources } = config();
      if (lockfiles.length === 0) {
        const looked = 'No lockfile is named: list package-lock.json of the application under security.scan.lockfiles.';
        return { findings: [], looked, off: true };
      }
      const findings: Found[] = [];
      const looked: string[] = [];
      for (const lockfile of lockfiles) {
        try {
          const installed = await read(root, lockfile);
          const answer = await ask(installed, { root, ...sources }, context, findings, lockfile);
          findings.push(...judge(lockfile, answer.hits));
          looked.push(`${installed.length} packages of ${lockfile} against ${answer.source}`);
        } catch (error) {
          context.signal.throwIfAborted();
          findings.push(unseenFor(lockfile, `The packages of ${lockfile} were not compared with advisories`, error));
          looked.push(`${lockfile} was not looked at`);
        }
      }
      return { findings, looked: `${looked.join('; ')}.` };
    },
  };
}

async function read(root: string, lockfile: string): Promise<Installed[]> {
  try {
    return readLockfile(lockfile, await readFile(resolve(root, lockfile), 'utf8'));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new YumOpsError('lockfile_missing', `there is no ${resolve(root, lockfile)}.`, {
      hint: 'Correct security.scan.lockfiles; paths count from the folder of yumops.yml.',
    });
  }
}

/** Asks the registry; where it cannot be asked, the file on disk. An old file is told of. */
async function ask(
  installed: readonly Installed[],
  { root, registry, advisories }: Omit<DependenciesConfig, 'lockfiles'>,
  { now, signal }: CheckContext,
  findings: Found[],
  lockfile: string,
): Promise<AdvisoryAnswer> {
  let refusal: unknown;
  if (registry !== null) {
    try {
      return await askRegistry(registry, installed, signal);
    } catch (error) {
      if (advisories === null) throw error;
      signal.throwIfAborted();
      refusal = error;
    }
  }
  if (advisories === null) {
    throw new YumOpsError('no_advisories', 'there is no source of advisories.', {
      hint: 'Name a registry under security.scan.registry, or an OSV export under security.scan.advisories.',
    });
  }
  const answer = await readOsv(resolve(root, advisories), installed, now);
  if (now - answer.newest > OLD_MS) findings.push(tooOld(lockfile, advisories, answer.newest));
  return refusal === undefined ? answer : { ...answer, source: `${answer.source} (${messageOf(refusal)})` };
}

function tooOld(lockfile: string, advisories: string, newest: number): Found {
  const day = new Date(newest).toISOString().slice(0, 10);
  return {
    ...unseen(lockfile, `What was found in ${lockfile} after ${day} is not known: the advisories end there.`, ''),
    ...{ code: 'advisories_old', object: advisories, evidence: `The newest record of ${advisories} is of ${day}.` },
    fix: `Put a fresh export in place of ${advisories}.`,
  };
}

/** One finding for each package and advisory, whatever number of versions it is installed in. */
function judge(subject: string, hits: readonly Hit[]): Found[] {
  const keyOf = ({ installed, id }: Hit) => `${installed.name} ${id}`;
  return [...new Set(hits.map(keyOf))].map((key) => {
    const group = hits.filter((hit) => keyOf(hit) === key);
    const [{ installed, id, title, severity, url, affected }] = group as [Hit, ...Hit[]];
    const versions = [...new Set(group.map((hit) => hit.installed.version))].join(', ');
    const isDev = group.every((hit) => hit.installed.dev);
    const fixed = [...new Set(group.map((hit) => hit.fixed).filter((fix) => fix !== null))];
    const goal = fixed.length > 0 ? ` to ${fixed.join(' and ')} or later` : '';
    return found({
      ...{ code: 'advisory', subject, object: `${installed.name} ${id}`, severity },
      message: `${installed.name} ${versions}: ${title.replace(/\.$/, '')}.`,
      evidence: `${id}; affected are ${affected}${isDev ? '; needed for development alone' : ''}${url === null ? '' : `; ${url}`}`,
      fix: `Raise ${installed.name}${goal}: \`npm update ${installed.name}\`, or \`npm explain ${installed.name}\` to see who asks for it.`,
    });
  });
}
