import { gzipSync } from 'node:zlib';
import { satisfies } from 'semver';
import { z } from 'zod';
import { codeOf, messageOf, YumOpsError } from '../../../../lib/errors.ts';
import { type AdvisoryAnswer, type Hit, severityOf } from './advisory.ts';
import type { Installed } from './lockfile.ts';

const TIMEOUT_MS = 30_000;
/** An answer about thousands of packages has some hundred kilobytes. */
const LARGEST = 32 * 1024 * 1024;

/** npm's bulk advisories: by package, those of the versions that were asked about. */
const answerShape = z.record(
  z.string(),
  z.array(
    z.looseObject({
      id: z.union([z.number(), z.string()]),
      title: z.string(),
      severity: z.string(),
      vulnerable_versions: z.string(),
      url: z.string().optional(),
    }),
  ),
);

/**
 * Asks an npm registry about packages: `POST /-/npm/v1/security/advisories/bulk` with `{name: [versions]}`, as `npm audit`
 * does. Names and versions of public packages leave the machine, nothing else.
 * @param registry base address without a slash at the end
 * @throws YumOpsError `registry_unreachable`, `registry_refused`
 */
export async function askRegistry(
  registry: string,
  installed: readonly Installed[],
  signal: AbortSignal,
): Promise<AdvisoryAnswer> {
  const names = [...new Set(installed.map(({ name }) => name))];
  const versionsOf = (wanted: string) => installed.filter(({ name }) => name === wanted).map(({ version }) => version);
  const versions = Object.fromEntries(names.map((name) => [name, versionsOf(name)]));
  const answer = await post(`${registry}/-/npm/v1/security/advisories/bulk`, versions, signal);
  const hits = installed.flatMap((item) =>
    (answer[item.name] ?? [])
      .filter(({ vulnerable_versions: range }) => satisfies(item.version, range, { includePrerelease: true }))
      .map(
        ({ id, title, severity, vulnerable_versions: affected, url }): Hit => ({
          ...{ installed: item, title, affected, fixed: null, severity: severityOf(severity) },
          id: /GHSA-[\w-]+/.exec(url ?? '')?.[0] ?? String(id),
          url: url ?? null,
        }),
      ),
  );
  return { hits, source: `the registry ${new URL(registry).host}, asked now` };
}

async function post(url: string, body: unknown, signal: AbortSignal): Promise<z.infer<typeof answerShape>> {
  const { host } = new URL(url);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  let text: string;
  try {
    const response = await fetch(url, {
      ...{ method: 'POST', signal: limit, redirect: 'error' },
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', accept: 'application/json' },
      body: gzipSync(JSON.stringify(body)),
    });
    text = await response.text();
    if (!response.ok) throw refused(host, `it answered ${response.status}`);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof YumOpsError) throw error;
    const cause = (error as Error).cause;
    throw new YumOpsError(
      'registry_unreachable',
      `The registry ${host} could not be asked: ${codeOf(cause) ?? messageOf(error)}.`,
      {
        hint: 'Name a registry that this machine reaches under security.scan.registry, or an OSV export under security.scan.advisories.',
        cause: error,
      },
    );
  }
  if (text.length > LARGEST) throw refused(host, 'its answer is larger than 32 MB');
  try {
    return answerShape.parse(JSON.parse(text));
  } catch {
    throw refused(host, 'its answer is not that of the audit endpoint');
  }
}

function refused(host: string, why: string): YumOpsError {
  return new YumOpsError('registry_refused', `The registry ${host} said nothing of advisories: ${why}.`, {
    hint: 'A mirror may not pass audits on. Name another under security.scan.registry, or an OSV export under security.scan.advisories.',
  });
}
