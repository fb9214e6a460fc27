import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { z } from 'zod';
import { parseDuration } from '../lib/duration.ts';
import { messageOf } from '../lib/errors.ts';
import { type Finding, type Issue, type Report, within } from '../lib/finding.ts';
import { didYouMean } from '../lib/nearest.ts';
import { durationShape, listOf } from '../lib/section.ts';
import type { Channel } from '../respond/alerting/config.ts';
import type { PushRoute } from '../respond/alerting/push/config.ts';
import {
  ACTION_SHAPES,
  compileAction,
  compileExpectation,
  compileFrame,
  compileInput,
  EXPECT_SHAPES,
  INPUT_SHAPES,
  type RawActions,
  type RawExpectations,
  type RawInputs,
  type RawScenario,
  type Scenario,
  type SimulatedConfig,
  scenarioShape,
} from '../respond/simulate/index.ts';
import { compose } from './compose.ts';
import { interpolate } from './interpolate.ts';
import { SectionJoiner } from './join.ts';
import { type LoadOptions, refuses } from './load.ts';
import { isLater } from './sections.ts';
import { checkShape } from './shape.ts';
import { readSource, type Source } from './source.ts';
import { NAMED_CHANNELS, type RawReceivers, standInEnvironment, standInIntegrations } from './stand-ins.ts';

/** Sections that a scenario may have and that do not change what it shows. */
const APART: ReadonlySet<string> = new Set(['backups', 'maintenance', 'geoip', 'scaling', 'security']);

const receiversShape = z.partialRecord(
  z.enum(NAMED_CHANNELS),
  z.array(
    z.strictObject({
      name: z.string().min(1),
      timeout: durationShape.optional(),
      send_resolved: z.boolean().optional(),
    }),
  ),
);

/** A scenario file that was read: without a scenario when a finding refuses it. */
export interface LoadedScenario {
  scenario: Scenario | undefined;
  /** What refuses it, in order of place. */
  findings: readonly Finding[];
}

/**
 * Reads a scenario file and the configuration that it holds or names. Every receiver is replaced by one that calls
 * nobody, and variables of the environment need no value.
 */
export function loadScenario(file: string, { env, cwd = process.cwd() }: Omit<LoadOptions, 'path'>): LoadedScenario {
  const loader = new ScenarioLoader(resolve(cwd, file), env, cwd);
  const scenario = loader.load();
  return { scenario: loader.findings.length === 0 ? scenario : undefined, findings: loader.findings };
}

class ScenarioLoader {
  readonly findings: Finding[] = [];
  readonly #file: string;
  readonly #env: LoadOptions['env'];
  readonly #cwd: string;

  constructor(file: string, env: LoadOptions['env'], cwd: string) {
    this.#file = file;
    this.#env = standInEnvironment(env);
    this.#cwd = cwd;
  }

  load(): Scenario | undefined {
    const source = this.#read(this.#file, (issue) => this.findings.push(placeless(this.#name(this.#file), issue)));
    if (!source || source.broken) return undefined;
    const report = this.#reportAt(source);
    const raw = source.value;
    if (!checkShape(scenarioShape, raw, report)) return undefined;
    const config = this.#config(raw, source, report);
    const frame = compileFrame(raw, report);
    const items = <Raw>(name: 'input' | 'do' | 'expect', shapes: Shapes) =>
      (raw[name] ?? []).flatMap((item, index) => {
        const at = within(report, name, index);
        return checkItem(name, item, shapes, at) ? [{ raw: item as Raw, at }] : [];
      });
    return {
      ...frame,
      config,
      input: items<RawInputs[keyof RawInputs]>('input', INPUT_SHAPES).map((item) =>
        compileInput(item.raw, config, item.at),
      ),
      actions: items<RawActions[keyof RawActions]>('do', ACTION_SHAPES).flatMap((item) => {
        const reload = 'reload' in item.raw ? item.raw.reload : undefined;
        const next = reload && this.#compose([{ source, value: reload, report: within(item.at, 'reload') }], raw);
        return compileAction(item.raw, next, item.at);
      }),
      expect: items<RawExpectations[keyof RawExpectations]>('expect', EXPECT_SHAPES).map((item) =>
        compileExpectation(item.raw, item.at),
      ),
    };
  }

  /** The configuration of the scenario: what its files say, and what it says itself. */
  #config(raw: RawScenario, source: Source, report: Report): SimulatedConfig {
    const { files: inner, ...inline } = raw.config ?? {};
    const parts: Part[] = [{ source, value: inline, report: within(report, 'config') }];
    const lists = [
      { files: raw.files, path: ['files'] },
      { files: inner, path: ['config', 'files'] },
    ];
    for (const { files, path } of lists) {
      if (!checkShape(z.union([z.string(), z.array(z.string())]).optional(), files, within(report, ...path))) continue;
      for (const file of listOf(files)) {
        const other = this.#read(resolve(dirname(this.#file), file), (issue) => report({ ...issue, path }));
        if (other) parts.push({ source: other, value: other.value, report: this.#reportAt(other) });
      }
    }
    return this.#compose(parts, raw);
  }

  #compose(parts: readonly Part[], raw: RawScenario): SimulatedConfig {
    const joiner = new SectionJoiner();
    const named: RawReceivers[] = [];
    for (const { source, value, report } of parts) {
      const { receivers, include: _include, ...filled } = this.#fill(value);
      if (receivers !== undefined && checkShape(receiversShape, receivers, within(report, 'receivers'))) {
        named.push(receivers);
      }
      refuseLater(filled, report);
      joiner.add(source.file, filled, report);
    }
    const sections = joiner.sections();
    const { integrations } = sections;
    const standIns = standInIntegrations(integrations.value, Object.assign({}, ...named));
    const silent = { ...sections, integrations: { value: standIns, report: integrations.report } };
    const composed = compose(silent, () => 'simulated');
    const config =
      named.length === 0 ? composed : { ...composed, pushRoutes: [routeToAll(Object.assign({}, ...named))] };
    const every = raw.eval_interval === undefined ? undefined : parseDuration(raw.eval_interval);
    return every === undefined
      ? config
      : { ...config, rules: config.rules.map((rule) => ({ ...rule, evalIntervalMs: every })) };
  }

  #fill(value: Record<string, unknown>): Record<string, unknown> {
    const filling = { env: this.#env, used: new Map<string, string>(), report: () => undefined };
    return interpolate(value, filling, []) as Record<string, unknown>;
  }

  #read(file: string, report: Report): Source | undefined {
    try {
      return readSource(this.#name(file), readFileSync(file, 'utf8'), (finding) => this.findings.push(finding));
    } catch (error) {
      report({ code: 'E113', path: [], message: `${this.#name(file)} cannot be read: ${messageOf(error)}` });
      return undefined;
    }
  }

  /** Only what refuses the file matters here: the rest is what `yumops check` is for. */
  #reportAt(source: Source): Report {
    return (issue) => {
      if (refuses(issue)) this.findings.push(source.locate(issue));
    };
  }

  #name(file: string): string {
    const short = relative(this.#cwd, file);
    return short.startsWith('..') ? file : short;
  }
}

/** Pushed alerts of a scenario go to all receivers that it names. */
function routeToAll(named: RawReceivers): PushRoute {
  const receivers = Object.entries(named).flatMap(([channel, list]) =>
    list.map(({ name }) => ({ channel: channel as Channel, target: name, broken: null })),
  );
  return { matchers: [], receivers, escalation: null };
}

/** A part of a configuration and where it stands. */
interface Part {
  source: Source;
  value: Record<string, unknown>;
  report: Report;
}

type Shapes = Readonly<Record<string, z.ZodType>>;

/** An item is of the kind whose key it has. */
function checkItem(list: string, item: unknown, shapes: Shapes, report: Report): boolean {
  const keys = typeof item === 'object' && item !== null && !Array.isArray(item) ? Object.keys(item) : [];
  const kinds = keys.filter((key) => Object.hasOwn(shapes, key));
  const [kind] = kinds;
  if (kind !== undefined && kinds.length === 1) return checkShape(shapes[kind] as z.ZodType, item, report);
  const known = Object.keys(shapes);
  const guess = keys.map((key) => didYouMean(key, known)).find((text) => text !== undefined);
  const message = `an item of "${list}" has exactly one of the keys ${known.join(', ')}`;
  report({ code: 'E103', path: [], message, ...(guess !== undefined && { suggestion: guess }) });
  return false;
}

/** A section that would change what the scenario shows, and that nothing reads, is not passed over. */
function refuseLater(value: Record<string, unknown>, report: Report): void {
  for (const name of Object.keys(value)) {
    if (!isLater(name) || APART.has(name)) continue;
    report({ code: 'E101', path: [name], atKey: true, message: `"${name}" is not available in this version` });
  }
}

function placeless(file: string, { code, message }: Issue): Finding {
  return { file, line: 1, col: 1, code, severity: 'error', message, suggestion: null };
}
