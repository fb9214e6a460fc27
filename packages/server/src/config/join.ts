import { z } from 'zod';
import type { RawBackup } from '../care/backup/config.ts';
import type { RawDatabase } from '../care/database/config.ts';
import { type Issue, type Placed, type Report, within } from '../lib/finding.ts';
import { didYouMean } from '../lib/nearest.ts';
import { MONITOR_SHAPES, type RawMonitor } from '../observe/uptime/config.ts';
import type { RawRule } from '../respond/alerting/config.ts';
import type { RawInhibitRule } from '../respond/alerting/inhibit/config.ts';
import type { RawPushRoute } from '../respond/alerting/push/config.ts';
import type { RawPerson, RawSchedule } from '../respond/oncall/config.ts';
import type { RawSlo } from '../respond/slo/config.ts';
import type { RawWindow } from '../respond/windows/config.ts';
import { isLater, LISTS, MAPS, SCALARS, SECTION_NAMES, type Sections } from './sections.ts';
import { checkShape } from './shape.ts';

function isKey<Table extends object>(table: Table, key: string): key is string & keyof Table {
  return Object.hasOwn(table, key);
}

const MONITOR_KINDS = Object.keys(MONITOR_SHAPES);

/** The shape of a monitor by its kind; reports E110 for a kind that there is not. */
function monitorShapeOf(item: unknown, report: Report): z.ZodType | undefined {
  const kind = (item as { kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string') return MONITOR_SHAPES.http;
  if (isKey(MONITOR_SHAPES, kind)) return MONITOR_SHAPES[kind];
  const suggestion = didYouMean(kind, MONITOR_KINDS) ?? `write one of ${MONITOR_KINDS.join(', ')}`;
  report({ code: 'E110', path: ['kind'], message: `there is no kind "${kind}"`, suggestion });
  return undefined;
}

/** Whether an item of `monitors:` has the shape of its kind; reports what it lacks. */
export function checkMonitor(item: unknown, report: Report): item is RawMonitor {
  return checkItem('monitors', item, report);
}

function checkItem(section: keyof typeof LISTS, item: unknown, report: Report): boolean {
  const shape = section === 'monitors' ? monitorShapeOf(item, report) : LISTS[section];
  return shape !== undefined && checkShape(shape, item, report);
}

/** Joins the sections of several files, in the order in which they are added. */
export class SectionJoiner {
  /** Sections of which a part was refused and is missing in what is joined. */
  readonly incomplete = new Set<string>();
  readonly #lists: Record<keyof typeof LISTS, Placed<unknown>[]> = {
    monitors: [],
    alert_rules: [],
    inhibit_rules: [],
    pushed_alerts: [],
    people: [],
    schedules: [],
    databases: [],
    backups: [],
    slos: [],
    maintenance_windows: [],
    mute_times: [],
  };
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
    return {
      service: this.#scalar('service'),
      public_url: this.#scalar('public_url'),
      geoip: this.#scalar('geoip'),
      stores: this.#map('stores'),
      integrations: this.#map('integrations'),
      retention: this.#map('retention'),
      targets: this.#map('targets'),
      ingest: this.#map('ingest'),
      sign_in: this.#map('sign_in'),
      uptime: this.#map('uptime'),
      errors: this.#map('errors'),
      alert_settings: this.#map('alert_settings'),
      escalation_policies: this.#map('escalation_policies'),
      grouping: this.#map('grouping'),
      restore: this.#map('restore'),
      self_backup: this.#map('self_backup'),
      maintenance: this.#map('maintenance'),
      watchdog: this.#map('watchdog'),
      incidents: this.#map('incidents'),
      status_page: this.#map('status_page'),
      reports: this.#map('reports'),
      scaling: this.#map('scaling'),
      security: this.#map('security'),
      monitors: this.#lists.monitors as Placed<RawMonitor>[],
      alert_rules: this.#lists.alert_rules as Placed<RawRule>[],
      inhibit_rules: this.#lists.inhibit_rules as Placed<RawInhibitRule>[],
      pushed_alerts: this.#lists.pushed_alerts as Placed<RawPushRoute>[],
      people: this.#lists.people as Placed<RawPerson>[],
      schedules: this.#lists.schedules as Placed<RawSchedule>[],
      databases: this.#lists.databases as Placed<RawDatabase>[],
      backups: this.#lists.backups as Placed<RawBackup>[],
      slos: this.#lists.slos as Placed<RawSlo>[],
      maintenance_windows: this.#lists.maintenance_windows as Placed<RawWindow>[],
      mute_times: this.#lists.mute_times as Placed<RawWindow>[],
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

  /** A scalar; its type is that of its schema, which `add` has checked. */
  #scalar<Value>(name: keyof typeof SCALARS): Placed<Value> | undefined {
    return this.#scalars.get(name) as Placed<Value> | undefined;
  }

  /**
   * A map whose keys come from several files; each key's issues go to the file that has it. Its type is that of its
   * schema, which `add` has checked.
   */
  #map<Value>(name: keyof typeof MAPS): Placed<Value> {
    const keys = this.#maps.get(name) ?? new Map<string, Placed<unknown>>();
    const value = Object.fromEntries([...keys].map(([key, placed]) => [key, placed.value])) as Value;
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
