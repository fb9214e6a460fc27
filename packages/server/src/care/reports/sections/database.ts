import type { StatementLoad } from '@yumops/protocol';
import type { DatabaseFinding } from '../../database/index.ts';
import { formatRatio, formatValue, plural } from '../format.ts';
import type { Observation } from '../observation.ts';
import { type Period, REPORT_KINDS, type Span } from '../period.ts';
import { pageOf, type SectionContent, type SectionSource } from '../section.ts';

/** Statements that are compared; the rest takes next to no time. */
const STATEMENTS = 100;
const SHOWN = 5;
const FINDINGS_SHOWN = 10;
/** A statement is slower by its mean when it was called so often in both times, takes so much longer, and so much of all time. */
const SLOWER = { calls: 100, ratio: 1.5, share: 0.01 };

/** What is known of one database. */
export interface KnownDatabase {
  name: string;
  /** What is wrong with it now; null = it was not looked at. */
  findings: readonly DatabaseFinding[] | null;
}

/** Databases: what is wrong with them, and which statements took the time. */
export function databaseSection(deps: {
  databases(): readonly KnownDatabase[];
  loads(database: string, span: Span, limit: number): Promise<StatementLoad[]>;
}): SectionSource {
  return {
    key: 'databases',
    title: 'Databases',
    kinds: REPORT_KINDS,
    async read(period) {
      const databases = deps.databases();
      if (databases.length === 0) return { unknown: 'No database is watched (databases:).' };
      const loads = await Promise.all(
        databases.map(async ({ name }) => ({
          name,
          now: await deps.loads(name, period, STATEMENTS),
          before: await deps.loads(name, period.before, STATEMENTS),
        })),
      );
      const slower = loads.flatMap(({ name, now, before }) => slowerOf(name, now, before, period));
      return {
        figures: databases.map(({ name, findings }) => ({
          ...{ label: `Findings of ${name}`, value: findings && graveOf(findings).length, unit: 'count' as const },
          href: pageOf('/database', { db: name }),
          ...(findings === null && { note: 'it was not looked at since the platform started' }),
        })),
        tables: [...databases.flatMap(findingTable), ...loads.flatMap(({ name, now }) => statementTable(name, now))],
        changes: slower.map(({ change }) => change),
        observations: [
          ...databases.flatMap(({ name, findings }) => graveOf(findings ?? []).map((one) => observe(name, one))),
          ...slower.flatMap(({ observation }) => observation ?? []),
        ],
      };
    },
  };
}

const graveOf = (findings: readonly DatabaseFinding[]) =>
  findings.filter(({ severity }) => severity === 'critical' || severity === 'warning');

function findingTable({ name, findings }: KnownDatabase): NonNullable<SectionContent['tables']> {
  const grave = graveOf(findings ?? []);
  if (grave.length === 0) return [];
  return [
    {
      title: `Findings of ${name}`,
      columns: [
        { label: 'Finding', unit: null },
        { label: 'Severity', unit: null },
        { label: 'Object', unit: null },
      ],
      rows: grave.slice(0, FINDINGS_SHOWN).map(({ message, severity, object }) => ({
        href: pageOf('/database', { db: name }),
        cells: [message, severity, object],
      })),
      more: Math.max(0, grave.length - FINDINGS_SHOWN),
    },
  ];
}

const textOf = (query: string) => query.replaceAll(/\s+/g, ' ').slice(0, 120);
const statementPage = (database: string, id: string) =>
  pageOf('/database', { db: database, view: 'queries', query: id });

function statementTable(database: string, loads: readonly StatementLoad[]): NonNullable<SectionContent['tables']> {
  if (loads.length === 0) return [];
  return [
    {
      title: `Statements of ${database} that took most time`,
      columns: [
        { label: 'Statement', unit: null },
        { label: 'Calls', unit: 'count' },
        { label: 'Mean', unit: 'ms' },
        { label: 'Usual mean', unit: 'ms' },
        { label: 'Share of all time', unit: '%' },
      ],
      rows: loads.slice(0, SHOWN).map(({ id, query, calls, meanMs, usualMs, share }) => ({
        href: statementPage(database, id),
        cells: [textOf(query), calls, meanMs, usualMs, share * 100],
      })),
      more: Math.max(0, loads.length - SHOWN),
    },
  ];
}

function slowerOf(database: string, now: readonly StatementLoad[], before: readonly StatementLoad[], period: Period) {
  const old = new Map(before.map((load) => [load.id, load]));
  return now.flatMap((load) => {
    const was = old.get(load.id);
    if (!was || load.calls < SLOWER.calls || was.calls < SLOWER.calls || load.share < SLOWER.share) return [];
    const ratio = load.meanMs / was.meanMs;
    if (ratio < SLOWER.ratio && ratio > 1 / SLOWER.ratio) return [];
    const numbers = `mean ${formatValue(load.meanMs, 'ms')} against ${formatValue(was.meanMs, 'ms')}`;
    const sample = `${plural(load.calls, 'call')}, ${was.calls.toLocaleString('en')} before`;
    const href = statementPage(database, load.id);
    const worse = ratio > 1;
    const observation: Observation = {
      code: 'slower_statement',
      subject: `${database} ${load.id}`,
      title: `Look at the plan of ${textOf(load.query)}`,
      reason: `It takes ${formatRatio(ratio)} a call: ${numbers}.`,
      evidence: [sample, `${formatValue(load.share * 100, '%')} of the time of all statements of ${database}`],
      href,
      size: Math.log2(ratio) / 3,
      reach: load.share,
      fresh: period.from > 0,
    };
    return {
      change: {
        direction: worse ? ('worse' as const) : ('better' as const),
        text: `A statement of ${database} takes ${formatRatio(ratio)} (${numbers}): ${textOf(load.query)}`,
        rule: 'mean of 100 calls',
        sample,
        href,
      },
      observation: worse ? observation : undefined,
    };
  });
}

function observe(database: string, { severity, message, object, fix, code }: DatabaseFinding): Observation {
  return {
    code: severity === 'critical' ? 'finding_critical' : 'finding_warning',
    subject: `${database} ${code} ${object}`,
    title: `Mend in ${database}: ${object}`,
    reason: message,
    evidence: fix ? [fix] : [],
    href: pageOf('/database', { db: database }),
    size: 0.5,
    reach: null,
    fresh: severity === 'critical',
  };
}
