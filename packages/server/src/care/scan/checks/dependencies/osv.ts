import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Unzip, type UnzipFile, UnzipInflate } from 'fflate';
import { compare, valid } from 'semver';
import { formatDuration } from '../../../../lib/duration.ts';
import { messageOf, YumOpsError } from '../../../../lib/errors.ts';
import { type AdvisoryAnswer, type Hit, severityOf } from './advisory.ts';
import type { Installed } from './lockfile.ts';

/** A record of the Open Source Vulnerability format, as far as it is read. */
export interface OsvRecord {
  id?: string;
  aliases?: string[];
  summary?: string;
  details?: string;
  modified?: string;
  withdrawn?: string;
  affected?: OsvAffected[];
  database_specific?: { severity?: string };
}

interface OsvAffected {
  package?: { ecosystem?: string; name?: string };
  ranges?: { type?: string; events?: Record<string, string>[] }[];
  versions?: string[];
}

/** An export that is older than this says nothing of what is new. Milliseconds. */
export const OLD_MS = 14 * 86_400_000;

/** One record is some kilobytes; a larger one is none. */
const LARGEST_RECORD = 4 * 1024 * 1024;

export interface OsvAnswer extends AdvisoryAnswer {
  /** Of the newest record; ms since the epoch. */
  newest: number;
}

/**
 * Looks packages up in an OSV export of the ecosystem npm: the .zip of one file a record, or a .json with a record, a list,
 * or one a line. The file is read as a stream, so that its size does not matter.
 * @param now ms since the epoch
 * @throws YumOpsError `advisories_unreadable`
 */
export async function readOsv(path: string, installed: readonly Installed[], now: number): Promise<OsvAnswer> {
  const byName = new Map<string, Installed[]>();
  for (const item of installed) byName.set(item.name, [...(byName.get(item.name) ?? []), item]);
  const hits: Hit[] = [];
  let newest = 0;
  let records = 0;
  const take = (record: OsvRecord) => {
    records += 1;
    newest = Math.max(newest, Date.parse(record.modified ?? '') || 0);
    hits.push(...hitsOf(record, byName));
  };
  try {
    await (path.endsWith('.zip') ? readZip(path, take) : readJson(path, take));
  } catch (error) {
    throw unreadable(path, messageOf(error));
  }
  if (records === 0 || newest === 0) throw unreadable(path, 'there is no record in it');
  const age = formatDuration(Math.max(0, now - newest));
  return { hits, newest, source: `${path}, ${records} records, the newest ${age} old` };
}

function unreadable(path: string, why: string): YumOpsError {
  return new YumOpsError(
    'advisories_unreadable',
    `The advisories in ${path} cannot be read: ${why.replace(/\.$/, '')}.`,
    {
      hint: 'Put the export of the ecosystem npm there: all.zip of osv.dev.',
    },
  );
}

/** The packages that one record is about. */
export function hitsOf(record: OsvRecord, byName: ReadonlyMap<string, readonly Installed[]>): Hit[] {
  if (record.withdrawn !== undefined) return [];
  return (record.affected ?? []).flatMap((affected) => {
    if (affected.package?.ecosystem !== 'npm') return [];
    const there = byName.get(affected.package.name ?? '') ?? [];
    return there
      .filter(({ version }) => isAffected(version, affected))
      .map(
        (item): Hit => ({
          installed: item,
          id: record.id ?? record.aliases?.[0] ?? 'unnamed',
          title: record.summary ?? (record.details ?? '').slice(0, 120),
          severity: severityOf(record.id?.startsWith('MAL-') ? 'critical' : record.database_specific?.severity),
          url: record.id === undefined ? null : `https://osv.dev/vulnerability/${record.id}`,
          fixed: fixOf(item.version, affected),
          affected: describe(affected),
        }),
      );
  });
}

/** As the OSV format says: a version is in a range from an `introduced` up to the next `fixed` or `last_affected`. */
export function isAffected(version: string, { versions, ranges }: OsvAffected): boolean {
  if (versions?.includes(version)) return true;
  if (valid(version) === null) return false;
  return (ranges ?? []).some(({ type, events }) => type === 'SEMVER' && isInside(version, events ?? []));
}

function isInside(version: string, events: readonly Record<string, string>[]): boolean {
  let inside = false;
  for (const event of sorted(events)) {
    const [kind = '', at = ''] = Object.entries(event)[0] ?? [];
    const order = at === '0' ? 1 : compare(version, at);
    if (kind === 'introduced' && order >= 0) inside = true;
    if (kind === 'fixed' && order >= 0) inside = false;
    if (kind === 'last_affected' && order > 0) inside = false;
  }
  return inside;
}

function sorted(events: readonly Record<string, string>[]): Record<string, string>[] {
  const at = (event: Record<string, string>) => Object.values(event)[0] ?? '0';
  const known = events.filter((event) => at(event) === '0' || valid(at(event)) !== null);
  return known.toSorted((a, b) => (at(a) === '0' ? -1 : at(b) === '0' ? 1 : compare(at(a), at(b))));
}

/** The lowest version above the one that is there which mends it. */
function fixOf(version: string, { ranges }: OsvAffected): string | null {
  const fixes = (ranges ?? []).flatMap(({ events }) => (events ?? []).flatMap(({ fixed }) => fixed ?? []));
  const later = fixes.filter((fix) => valid(fix) !== null && valid(version) !== null && compare(fix, version) > 0);
  return later.toSorted(compare)[0] ?? null;
}

function describe({ ranges, versions }: OsvAffected): string {
  const SIGNS: Record<string, string> = { introduced: '>=', fixed: '<', last_affected: '<=' };
  const parts = (ranges ?? []).flatMap(({ events }) =>
    (events ?? []).flatMap((event) =>
      Object.entries(event).flatMap(([kind, at]) => (SIGNS[kind] === undefined ? [] : [`${SIGNS[kind]}${at}`])),
    ),
  );
  return parts.length > 0 ? parts.slice(0, 8).join(' ') : (versions ?? []).slice(0, 5).join(', ');
}

async function readZip(path: string, take: (record: OsvRecord) => void): Promise<void> {
  let failure: Error | null = null;
  const unzip = new Unzip((file: UnzipFile) => {
    if (!file.name.endsWith('.json')) return;
    const parts: Uint8Array[] = [];
    let bytes = 0;
    file.ondata = (error, part, final) => {
      if (error) failure = error;
      bytes += part?.length ?? 0;
      if (bytes <= LARGEST_RECORD && part) parts.push(part);
      if (final && bytes <= LARGEST_RECORD && !error) take(JSON.parse(Buffer.concat(parts).toString()) as OsvRecord);
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  for await (const chunk of createReadStream(path)) {
    unzip.push(chunk as Uint8Array);
    if (failure !== null) throw failure;
  }
  unzip.push(new Uint8Array(0), true);
}

/** Largest .json that is read at once, bytes. */
const LARGEST_JSON = 512 * 1024 * 1024;

async function readJson(path: string, take: (record: OsvRecord) => void): Promise<void> {
  const { size } = await stat(path);
  if (size > LARGEST_JSON) throw new Error('it is larger than 512 MB; use the .zip');
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path)) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  for (const record of parsed(text)) take(record);
}

function parsed(text: string): OsvRecord[] {
  try {
    return [JSON.parse(text) as OsvRecord | OsvRecord[]].flat();
  } catch (error) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2) throw error;
    return lines.map((line) => JSON.parse(line) as OsvRecord);
  }
}
