import { defineCommand } from 'citty';
import { readSettings, type Settings } from '../config/settings.ts';
import { readRunFile } from '../main/run-file.ts';
import { platformArgs, printJson } from './command.ts';
import type { Diagnosis } from './doctor/diagnosis.ts';
import {
  checkAbandoned,
  checkData,
  checkLibc,
  checkMemory,
  checkModes,
  checkNode,
  checkPort,
} from './doctor/machine.ts';
import { checkAuditLog, checkConfig, checkInstances, checkRunning, checkSecrets } from './doctor/platform.ts';
import { checkStores } from './doctor/stores.ts';

async function diagnose(settings: Settings): Promise<Diagnosis[]> {
  const running = await readRunFile(settings.dataDir);
  const all = await Promise.all([
    checkNode(),
    checkLibc(settings),
    checkMemory(),
    checkData(settings),
    checkModes(settings),
    checkAbandoned(),
    running ? checkRunning(running) : checkPort(settings),
    checkConfig(settings),
    checkStores(settings),
    ...(running ? [checkAuditLog(settings), checkSecrets(settings), checkInstances(settings)] : []),
  ]);
  return all.flat();
}

const MARKS = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const;

export const doctor = defineCommand({
  meta: { name: 'yumops doctor', description: 'Look at this machine and this installation; exit 1 on a problem' },
  args: platformArgs,
  async run({ args }) {
    const diagnoses = await diagnose(readSettings(args));
    if (args.json) printJson({ diagnoses });
    else {
      for (const { name, status, message, hint } of diagnoses) {
        process.stdout.write(`${MARKS[status]}  ${name}: ${message}\n${hint ? `         ${hint}\n` : ''}`);
      }
    }
    return diagnoses.some((diagnosis) => diagnosis.status === 'problem') ? 1 : 0;
  },
});
