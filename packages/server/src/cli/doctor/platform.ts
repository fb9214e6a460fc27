import type { AuditVerdict, InstanceItem, Page, SecretsReport } from '@yumops/protocol';
import type { Settings } from '../../config/settings.ts';
import { messageOf } from '../../lib/errors.ts';
import type { RunFile } from '../../main/run-file.ts';
import { openClient } from '../client.ts';
import { runningFindings } from '../running-findings.ts';
import { type Diagnosis, ok, problem, warning } from './diagnosis.ts';

export async function checkRunning(running: RunFile): Promise<Diagnosis> {
  try {
    const response = await fetch(`${running.url}/readyz?verbose`, { signal: AbortSignal.timeout(5_000) });
    const text = (await response.text()).trim();
    if (response.ok) return ok('platform', `It serves at ${running.url} (process ${running.pid}).`);
    return problem('platform', `It runs at ${running.url} but is not ready: ${text}`, 'See its output for the reason.');
  } catch (error) {
    return problem(
      'platform',
      `Process ${running.pid} does not answer at ${running.url}: ${messageOf(error)}.`,
      'Restart it.',
    );
  }
}

export async function checkConfig(settings: Settings): Promise<Diagnosis> {
  const { loadConfig } = await import('../../config/index.ts');
  const { findings } = (await runningFindings(settings)) ?? loadConfig({ path: settings.config, env: settings.env });
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  if (errors === 0) return ok('configuration', 'The configuration has no errors.');
  return problem(
    'configuration',
    `The configuration has ${errors} ${errors === 1 ? 'error' : 'errors'}.`,
    'See `yumops check`.',
  );
}

/** Who shares the state store: one that is away, versions that differ. */
export async function checkInstances(settings: Settings): Promise<Diagnosis> {
  const client = await openClient(settings);
  try {
    const { items } = await client.get<Page<InstanceItem>>('/api/v1/instances');
    const away = items.find(({ state }) => state === 'away');
    const versions = [...new Set(items.filter(({ state }) => state === 'live').map(({ version }) => version))];
    if (away) {
      const text = `The instance at ${away.url} (${away.roles.join(', ')}) has not been heard since ${away.seenAt}.`;
      return warning('instances', text, 'Start it again: what its spool holds waits there. See `yumops instances`.');
    }
    if (versions.length > 1) {
      const text = `Instances run different versions: ${versions.join(', ')}.`;
      return warning('instances', text, 'Finish the upgrade: see docs/guide/upgrading.md.');
    }
    return ok('instances', `${items.length} ${items.length === 1 ? 'instance' : 'instances'} on the state store.`);
  } catch (error) {
    return warning('instances', `They cannot be listed: ${messageOf(error)}`, 'Ask an instance with the role web.');
  } finally {
    await client.close();
  }
}

/** Only with a running platform: to look into the log is no reason to start the engines. */
export async function checkAuditLog(settings: Settings): Promise<Diagnosis> {
  const client = await openClient(settings);
  try {
    const { entries, faults } = await client.get<AuditVerdict>('/api/v1/audit/verify');
    const [first] = faults;
    if (first === undefined)
      return ok('audit log', `${entries} ${entries === 1 ? 'entry' : 'entries'}, and its chain is whole.`);
    return problem(
      'audit log',
      `It was tampered with: ${faults.map(({ message }) => message).join(' ')}`,
      'Find out who has access to the state database; a backup from before has the entries. See `yumops audit --verify`.',
    );
  } catch (error) {
    return problem('audit log', `It could not be checked: ${messageOf(error)}`, 'See the output of the platform.');
  } finally {
    await client.close();
  }
}

/** Under which key stored secrets stand. */
export async function checkSecrets(settings: Settings): Promise<Diagnosis> {
  const client = await openClient(settings);
  try {
    const { parts } = await client.get<SecretsReport>('/api/v1/secrets');
    const lost = parts
      .filter(({ unreadable }) => unreadable > 0)
      .map(({ name, unreadable }) => `${unreadable} ${name}`);
    const old = parts.filter(({ previous }) => previous > 0).map(({ name, previous }) => `${previous} ${name}`);
    if (lost.length > 0) {
      return problem(
        'secrets',
        `No key that is given opens ${lost.join(', ')}.`,
        'Name the key that they were stored under in YUMOPS_SECRET_KEY_PREVIOUS; the recovery kit has it.',
      );
    }
    if (old.length > 0) {
      return warning('secrets', `${old.join(', ')} stand under a previous key.`, 'Run `yumops secrets rotate`.');
    }
    const all = parts.reduce((sum, { current }) => sum + current, 0);
    return ok('secrets', `All ${all} that are stored stand under the current key.`);
  } catch (error) {
    return problem('secrets', `They could not be counted: ${messageOf(error)}`, 'See the output of the platform.');
  } finally {
    await client.close();
  }
}
