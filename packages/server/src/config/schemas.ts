import { z } from 'zod';
import { RULE_METRICS } from '../respond/alerting/metrics.ts';
import { configurationPage } from './keys-page.ts';
import { ruleMetricsPage } from './metrics-page.ts';
import { LATER, LISTS, MAPS, SCALARS } from './sections.ts';

const lists = {
  monitors: z.array(LISTS.monitors).describe('Uptime monitors'),
  alert_rules: z.array(LISTS.alert_rules).describe('Alert rules'),
  pushed_alerts: z.array(LISTS.pushed_alerts).describe('Where alerts go that others push; the first item that matches'),
  people: z.array(LISTS.people).describe('Who can be on call'),
  schedules: z.array(LISTS.schedules).describe('Who is on call when'),
  inhibit_rules: z.array(LISTS.inhibit_rules).describe('Alerts that mute others while they fire'),
  slos: z.array(LISTS.slos).describe('Objectives with error budgets, and the alerts on them'),
  maintenance_windows: z
    .array(LISTS.maintenance_windows)
    .describe('Planned work: alerts are muted, and monitors and SLOs do not count'),
  mute_times: z.array(LISTS.mute_times).describe('Times at which alerts are not wanted; all else goes on'),
  databases: z.array(LISTS.databases).describe('Databases of the application that are watched and cared for'),
  backups: z.array(LISTS.backups).describe('What is backed up, when, and how long it is kept'),
};

const later = Object.fromEntries(LATER.map((name) => [name, z.unknown().describe('Not used by this version')]));

const sections: Record<string, z.ZodType> = { ...SCALARS, ...MAPS, ...lists, ...later };

const FILES: Record<string, { title: string; sections: readonly string[] }> = {
  'yumops.schema.json': { title: 'yumops.yml', sections: Object.keys(sections) },
  'uptime-monitoring.schema.json': {
    title: 'monitoring/uptime-monitoring.yml',
    sections: ['monitors', 'alert_settings', 'targets', 'uptime'],
  },
  'alert-rules.schema.json': {
    title: 'monitoring/alert-rules.yml',
    sections: [
      'alert_rules',
      'escalation_policies',
      'alert_settings',
      'grouping',
      'inhibit_rules',
      'pushed_alerts',
      'schedules',
      'people',
      'slos',
      'maintenance_windows',
      'mute_times',
      'restore',
    ],
  },
};

/** The published JSON Schemas by file name, made from the schemas that the loader checks with. */
export function jsonSchemas(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(FILES).map(([file, { title, sections: names }]) => {
      const shape = Object.fromEntries(names.map((name) => [name, sections[name]?.optional() ?? z.unknown()]));
      const schema = z.toJSONSchema(z.strictObject(shape), { io: 'input' });
      return [file, `${JSON.stringify({ title, ...schema }, null, 2)}\n`];
    }),
  );
}

/** Every file that is made from the code, by its path in the repository. */
export function publishedFiles(): Record<string, string> {
  const schemas = Object.entries(jsonSchemas()).map(([file, text]) => [`packages/server/schemas/${file}`, text]);
  return {
    ...Object.fromEntries(schemas),
    'docs/reference/configuration.md': configurationPage(JSON.parse(jsonSchemas()['yumops.schema.json'] ?? '{}')),
    'docs/reference/rule-metrics.md': ruleMetricsPage(RULE_METRICS.values()),
  };
}
