import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';
import { quoteName, quoteText } from '../../lib/sql-quote.ts';
import type { DatabaseConfig } from './config.ts';
import { asFinding, type DatabaseFinding, inOrderOfUrgency, type Remark } from './finding.ts';
import type { MonitoredDatabase } from './monitored-database.ts';
import type { Probe, ProbeContext, RecentActivityReader, RecentStatements } from './probe.ts';
import { END_IDLE_SESSIONS } from './probes/connections.ts';
import { PROBES } from './probes/index.ts';
import { readServerFacts, type ServerFacts } from './server-facts.ts';

/** A database to look at. */
export type CheckedDatabase = Pick<DatabaseConfig, 'name' | 'profile' | 'exclude' | 'thresholds' | 'capacity'>;

export interface CheckOptions {
  /** Told before each probe; `done` counts from 0. */
  onProbe?(name: string, done: number, total: number): void;
  /** What is known from watching the database over time. */
  watched?: readonly Remark[];
  lately?: RecentStatements;
  activity?: RecentActivityReader;
  /** Default all. */
  probes?: readonly Probe[];
}

/**
 * Looks at a database with every probe, one after the other on one connection. A probe that fails becomes a finding
 * of its own, `probe_failed`, and the others go on.
 * @returns the findings, what is wrong first
 */
export async function checkDatabase(
  database: CheckedDatabase,
  db: MonitoredDatabase,
  options: CheckOptions = {},
): Promise<DatabaseFinding[]> {
  const seen = await lookAt(database, db, options).catch((error: unknown) => [unreachable(database.name, error)]);
  const remarks = [...(options.watched ?? []), ...seen];
  const findings = droppedOnce(remarks).map((remark) => asFinding(database.name, remark));
  return inOrderOfUrgency(findings.filter(({ key }) => !database.exclude.includes(key)));
}

/**
 * An index that goes because another does its work is not named a second time because nobody reads it, and a disk whose
 * end is foreseen not because there is little room.
 */
export function droppedOnce(remarks: readonly Remark[]): Remark[] {
  const duplicates = new Set(remarks.filter(({ code }) => code === 'duplicate_index').map(({ object }) => object));
  const keys = new Set<string>();
  return remarks.filter(({ code, object }) => {
    if (code === 'unused_index' && duplicates.has(object)) return false;
    if (code !== 'disk_forecast') return true;
    return !keys.has(object) && keys.add(object);
  });
}

async function lookAt(
  { profile, thresholds, capacity }: CheckedDatabase,
  db: MonitoredDatabase,
  { onProbe, lately, activity, probes: wanted = PROBES }: CheckOptions,
): Promise<Remark[]> {
  const server = await readServerFacts(db);
  const context: ProbeContext = { server, profile, thresholds, capacity, lately, activity };
  const probes = wanted.filter(({ primaryOnly }) => !(primaryOnly && context.server.standby));
  const remarks: Remark[] = [];
  for (const [done, probe] of probes.entries()) {
    onProbe?.(probe.name, done, probes.length);
    remarks.push(...(await ask(probe, db, context)));
  }
  return remarks;
}

async function ask(probe: Probe, db: MonitoredDatabase, context: ProbeContext): Promise<Remark[]> {
  const { server } = context;
  if (probe.needsAllStatistics && !server.readsAllStatistics) return [blind(probe, server)];
  try {
    return await probe.run(db, context);
  } catch (error) {
    // Without a connection no probe can answer: that is one finding, not thirty.
    if (error instanceof YumOpsError) throw error;
    return [failedLook(probe.name, server, error)];
  }
}

function blind({ name }: Probe, { role }: ServerFacts): Remark {
  return {
    code: 'probe_failed',
    severity: 'unknown',
    object: name,
    message: `The probe of ${name} sees only a part: the role "${role}" may not read the statistics of others.`,
    fix: `GRANT pg_monitor TO ${quoteName(role)};`,
  };
}

/** The finding about a look that failed: what it would have seen is unknown. */
export function failedLook(name: string, server: ServerFacts, error: unknown): Remark {
  return {
    code: 'probe_failed',
    severity: 'unknown',
    object: name,
    message: `The probe of ${name} failed: ${sentence(error)}`,
    fix: wayOut(codeOf(error), server),
  };
}

function wayOut(code: string | undefined, { role, preloaded }: ServerFacts): string | null {
  if (code === '42501') return `GRANT pg_monitor TO ${quoteName(role)};`;
  if (code !== '55000' || preloaded?.includes('pg_stat_statements') !== false) return null;
  const libraries = [preloaded, 'pg_stat_statements'].filter((library) => library !== '').join(', ');
  return `ALTER SYSTEM SET shared_preload_libraries = ${quoteText(libraries)};`;
}

function sentence(error: unknown): string {
  return `${messageOf(error).replace(/\.$/, '')}.`;
}

/** The finding about a database that does not let us in. */
export function unreachable(name: string, error: unknown): Remark {
  if (codeOf(error) === 'too_many_connections') {
    const message = `There is no connection left: ${sentence(error)}`;
    return { code: 'connections', severity: 'critical', object: 'connections', message, fix: END_IDLE_SESSIONS };
  }
  const hint = error instanceof YumOpsError && error.hint !== undefined ? ` ${error.hint}` : '';
  return {
    code: 'probe_failed',
    severity: 'unknown',
    object: `database ${name}`,
    message: `${sentence(error)}${hint}`,
    fix: null,
  };
}
