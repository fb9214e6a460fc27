import { loadScenario } from '../config/index.ts';
import type { Finding } from '../lib/finding.ts';
import { type SimulationReport, simulate } from '../respond/simulate/index.ts';

/** What became of a scenario file: refused with findings, or run. */
export type ScenarioRun =
  | { refused: true; findings: readonly Finding[] }
  | { refused: false; name: string; report: SimulationReport; elapsedMs: number };

/** Reads and runs a scenario file. `now` measures, in ms. */
export async function runScenario(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  now: () => number,
): Promise<ScenarioRun> {
  const begun = now();
  const { scenario, findings } = loadScenario(file, { env });
  if (!scenario) return { refused: true, findings };
  const report = await simulate(scenario);
  return { refused: false, name: scenario.name, report, elapsedMs: now() - begun };
}
