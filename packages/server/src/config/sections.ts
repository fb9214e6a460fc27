import { z } from 'zod';
import { type Issue, type Placed, type Report, within } from '../lib/finding.ts';
import { didYouMean } from '../lib/nearest.ts';
import {
  healthMonitorShape,
  httpMonitorShape,
  LATER_KINDS,
  MONITOR_KINDS,
  type RawMonitor,
} from '../observe/uptime/config.ts';
import {
  alertSettingsShape,
  groupingShape,
  policiesShape,
  type RawAlertSettings,
  type RawGrouping,
  type RawPolicy,
  type RawRule,
  ruleShape,
} from '../respond/alerting/config.ts';
import { integrationsShape, type RawIntegrations } from '../respond/notify/config.ts';
import { retentionShape, storesShape, targetsShape } from './platform.ts';
import { checkShape } from './shape.ts';

/** Sections that hold one value. */
export const SCALARS = {
  service: z.string().min(1).describe('Name of the service; the default of records that carry none'),
  public_url: z.string().describe('Base of links in messages'),
  include: z.array(z.string()).describe('Further files, e.g. monitoring/*.yml'),
};

/** Sections that are maps; several files may each give some of the keys. */
export const MAPS = {
  stores: storesShape.describe('Where data is kept; the environment wins'),
  integrations: integrationsShape.describe('How messages leave'),
  retention: retentionShape.describe('How long each class of data is kept'),
  targets: targetsShape.describe('Origins of monitors and where their checks really go'),
  alert_settings: alertSettingsShape.describe('Receivers of monitors and of the platform itself'),
  escalation_policies: policiesShape.describe('Who is told when, by name'),
  grouping: groupingShape.describe('How alerts are gathered into messages'),
};

/** Sections that are lists; the lists of several files are joined. */
export const LISTS = {
  monitors: z.union([httpMonitorShape, healthMonitorShape]),
  alert_rules: ruleShape,
};

/** Sections that are part of the format and that this version does not use. */
export const LATER = [
  'databases',
  'backups',
  'maintenance',
  'geoip',
  'slos',
  'schedules',
  'people',
  'restore',
  'inhibit_rules',
  'receivers',
  'security',
  'uptime',
] as const;

export const SECTION_NAMES: readonly string[] = [
  ...Object.keys(SCALARS),
  ...Object.keys(MAPS),
  ...Object.keys(LISTS),
  ...LATER,
];

/** The sections of all files, joined. Values have the shape of their schemas. */
export interface Sections {
  service?: Placed<string>;
  public_url?: Placed<string>;
  stores: Placed<z.infer<typeof storesShape>>;
  integrations: Placed<RawIntegrations>;
  retention: Placed<z.infer<typeof retentionShape>>;
  targets: Placed<Record<string, string>>;
  alert_settings: Placed<RawAlertSettings>;
  escalation_policies: Placed<Record<string, RawPolicy>>;
  grouping: Placed<RawGrouping>;
  monitors: Placed<RawMonitor>[];
  alert_rules: Placed<RawRule>[];
}

/** Whether a section is part of the format and not used by this version. */
export function isLater(name: string): boolean {
  return LATER.some((later) => later === name);
}

function isKey<Table extends object>(table: Table, key: string): key is string & keyof Table {
  return Object.hasOwn(table, key);
}

/** Reports E110 for a monitor of a kind that does not run, which has keys of its own. */
function hasRunningKind(item: unknown, report: Report): boolean {
  const kind = (item as { kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || MONITOR_KINDS.some((known) => known === kind)) return true;
  const later = LATER_KINDS.some((known) => known === kind);
  const message = later ? `kind "${kind}" is not available in this version` : `there is no kind "${kind}"`;
  const guess = later ? undefined : didYouMean(kind, [...MONITOR_KINDS, ...LATER_KINDS]);
  report({ code: 'E110', path: ['kind'], message, suggestion: guess ?? `write one of ${MONITOR_KINDS.join(', ')}` });
  return false;
}

function checkItem(section: keyof typeof LISTS, item: unknown, report: Report): boolean {
  if (section === 'alert_rules') return checkShape(ruleShape, item, report);
  if (!hasRunningKind(item, report)) return false;
  const isHealth = (item as { kind?: unknown } | null)?.kind === 'health';
  return checkShape(isHealth ? healthMonitorShape : httpMonitorShape, item, report);
}

/** Joins the sections of several files, in the order in which they are added. */
export class SectionJoiner {
  /** Sections of which a part was refused and is missing in what is joined. */
  readonly incomplete = new Set<string>();
  readonly #lists: Record<keyof typeof LISTS, Placed<unknown>[]> = { monitors: [], alert_rules: [] };
  readonly #scalars = new Map<string, Placed<unknown> & { file: string }>();
  readonly #maps = new Map<string, Map<string, Placed<unknown> & { file: string }>>();

  /** Adds the sections of one file after checking their shape. */
  add(file: string, value: Record<string, unknown>, report: Report): void {
    for (const [name, section] of Object.entries(value)) {
      const at = within(report, name);
      if (isLater(name)) {
        at({ code: 'I101', path: [], atKey: true, message: `"${name}" is not used by this version` });
      } else if (isKey(LISTS, name)) this.#addList(name, section, at);
      else if (isKey(MAPS, name)) this.#addMap(file, name, section, at);
      else if (isKey(SCALARS, name)) this.#addScalar(file, name, section, at);
      else {
        const suggestion = didYouMean(name, SECTION_NAMES) ?? `sections are ${SECTION_NAMES.join(', ')}`;
        at({ code: 'E101', path: [], atKey: true, message: `unknown key "${name}"`, suggestion });
      }
    }
  }

  /** The joined sections. */
  sections(): Sections {
    const map = (name: keyof typeof MAPS) => this.#map(name) as never;
    const scalar = (name: keyof typeof SCALARS) => {
      const placed = this.#scalars.get(name);
      return placed ? { [name]: placed as never } : {};
    };
    return {
      ...scalar('service'),
      ...scalar('public_url'),
      stores: map('stores'),
      integrations: map('integrations'),
      retention: map('retention'),
      targets: map('targets'),
      alert_settings: map('alert_settings'),
      escalation_policies: map('escalation_policies'),
      grouping: map('grouping'),
      monitors: this.#lists.monitors as Placed<RawMonitor>[],
      alert_rules: this.#lists.alert_rules as Placed<RawRule>[],
    };
  }

  #addList(name: keyof typeof LISTS, section: unknown, report: Report): void {
    if (section === null) return;
    if (!checkShape(z.array(z.unknown()), section, report)) {
      this.incomplete.add(name);
      return;
    }
    for (const [index, item] of section.entries()) {
      const at = within(report, index);
      if (checkItem(name, item, at)) this.#lists[name].push({ value: item, report: at });
      else this.incomplete.add(name);
    }
  }

  #addMap(file: string, name: keyof typeof MAPS, section: unknown, report: Report): void {
    if (section === null) return;
    if (!checkShape(MAPS[name], section, report)) {
      this.incomplete.add(name);
      return;
    }
    const keys = this.#maps.get(name) ?? new Map<string, Placed<unknown> & { file: string }>();
    this.#maps.set(name, keys);
    for (const [key, value] of Object.entries(section as Record<string, unknown>)) {
      const earlier = keys.get(key);
      if (earlier) reportTwice(`${name}.${key}`, earlier.file, within(report, key));
      else keys.set(key, { value, report, file });
    }
  }

  #addScalar(file: string, name: keyof typeof SCALARS, section: unknown, report: Report): void {
    if (section === null || !checkShape(SCALARS[name], section, report) || name === 'include') return;
    const earlier = this.#scalars.get(name);
    if (earlier) reportTwice(name, earlier.file, report);
    else this.#scalars.set(name, { value: section, report, file });
  }

  /** A map whose keys come from several files; each key's issues go to the file that has it. */
  #map(name: string): Placed<Record<string, unknown>> {
    const keys = this.#maps.get(name) ?? new Map<string, Placed<unknown>>();
    const value = Object.fromEntries([...keys].map(([key, placed]) => [key, placed.value]));
    const report = (issue: Issue) => {
      const placed = keys.get(String(issue.path[0])) ?? [...keys.values()][0];
      placed?.report(issue);
    };
    return { value, report };
  }
}

function reportTwice(name: string, file: string, report: Report): void {
  const suggestion = 'keep it in one file';
  report({ code: 'E102', path: [], atKey: true, message: `"${name}" stands in ${file} already`, suggestion });
}
