import { type Issue, type Placed, type Report, within } from '../lib/finding.ts';
import type { SecretReader } from '../lib/secret.ts';
import type { MonitorConfig, RawMonitor } from '../observe/uptime/config.ts';
import { compileMonitor } from '../observe/uptime/config-monitor.ts';
import type { CompileMonitor } from '../observe/uptime/stored/stored-monitors.ts';
import type { Receivers } from '../respond/alerting/config-receivers.ts';
import { checkMonitor } from './join.ts';
import { type ReadSecretFile, readSecret } from './secrets.ts';
import type { Sections } from './sections.ts';

/** Reads secrets and reports what is wrong with them. */
export function secretsAt(readFile: ReadSecretFile, report: Report): SecretReader {
  return (text, path) => readSecret(text, path, readFile, report);
}

/** Compiles the monitors of the files. */
export function compileMonitors(
  sections: Sections,
  targets: Record<string, string>,
  receivers: Receivers,
  readFile: ReadSecretFile,
): Placed<MonitorConfig>[] {
  return sections.monitors.map((placed) => compileOneMonitor(placed, targets, receivers, readFile));
}

function compileOneMonitor(
  { value: raw, report }: Placed<RawMonitor>,
  targets: Record<string, string>,
  receivers: Receivers,
  readFile: ReadSecretFile,
): Placed<MonitorConfig> {
  const context = {
    targets,
    file: readFile,
    secret: secretsAt(readFile, report),
    receivers: () => {
      const at = within(report, 'notifications');
      const { targets: notifications, policy } = receivers.notifications(raw.notifications, at, raw.escalation);
      const named =
        raw.escalation === undefined ? policy : receivers.policy(raw.escalation, within(report, 'escalation'));
      return { notifications, escalation: named };
    },
  };
  return { value: compileMonitor(raw, context, report), report };
}

/** Compiles monitors that stand in no file: they may name no file, and no private address unless they say so. */
export function monitorCompiler(targets: Record<string, string>, receivers: Receivers): CompileMonitor {
  const noFiles = (): string => {
    throw new Error('only the configuration may name files');
  };
  return (raw) => {
    const issues: Issue[] = [];
    const report: Report = (issue) => {
      if (issue.code.startsWith('E')) issues.push(issue);
    };
    const written = typeof raw === 'object' && raw !== null ? { allow_private: false, ...raw } : raw;
    if (!checkMonitor(written, report)) return { monitor: null, issues };
    return { monitor: compileOneMonitor({ value: written, report }, targets, receivers, noFiles).value, issues };
  };
}
