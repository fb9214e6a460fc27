import type { CapacityResource, ScalingReport, VercelFinding } from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Loop } from '../../lib/loop.ts';
import type { TelemetryRow, TelemetryStore, TelemetryWriter } from '../../lib/telemetry.ts';
import { readFigures, readMemory, readRoutes } from './capacity/figures.ts';
import { recommend } from './capacity/recommend.ts';
import { daysToLimit, readResources } from './capacity/resources.ts';
import { type CapacitySources, type Problem, takeSamples } from './capacity/sample.ts';
import { type CapacityLine, capacitySection } from './capacity/section.ts';
import type { ScalingConfig } from './config.ts';
import type { VercelContext } from './vercel/context.ts';

/** Milliseconds between two samples. */
const EVERY_MS = 15 * 60_000;
/** A report is made anew after so long, ms. */
const FRESH_MS = 60_000;

export interface ScalingDeps extends CapacitySources {
  telemetry: Pick<TelemetryStore, 'query'>;
  writer: TelemetryWriter;
  service: string;
  /** The section of the configuration as it is now. */
  config(): ScalingConfig;
  /** Days that classes of telemetry are kept. */
  retentionDays(): Readonly<Record<string, number>>;
  /** Judges the vercel.json of the configuration by what was measured. */
  checkVercel(file: string, measured: NonNullable<VercelContext['measured']>): Promise<VercelFinding[]>;
  clock: Clock;
  log: Log;
}

/** Measures what can run out, foretells when, and says what to do about it. */
export class Scaling {
  readonly #deps: ScalingDeps;
  readonly #loop: Loop;
  #problems: readonly Problem[] = [];
  #report: { at: number; made: Promise<ScalingReport> } | undefined;

  constructor(deps: ScalingDeps) {
    this.#deps = deps;
    const work = async () => {
      await this.sample();
      return EVERY_MS;
    };
    this.#loop = new Loop(deps.clock, work, (error) => {
      deps.log.error('capacity could not be measured', { error: messageOf(error) });
      return EVERY_MS;
    });
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** Writes levels now, and of every resource the days to its limit, as metrics. */
  async sample(): Promise<void> {
    const { samples, problems } = await takeSamples(this.#deps);
    this.#problems = problems;
    await this.#write(samples);
    const resources = await this.resources();
    await this.#write(
      resources.flatMap((resource) => {
        const value = daysToLimit(resource);
        return value === undefined
          ? []
          : [{ name: 'days_to_limit', value, unit: 'days', labels: { resource: resource.id } }];
      }),
    );
  }

  /** Every resource with its outlook, the most urgent first. */
  async resources(): Promise<CapacityResource[]> {
    const { telemetry, config, clock } = this.#deps;
    return readResources(telemetry, { requestsPerSecond: config().requestsPerSecond }, clock.now());
  }

  /** The capacity section of a report. */
  async section(): Promise<CapacityLine[]> {
    return capacitySection(await this.resources());
  }

  /** Everything that is known of growth; at most a minute old. */
  report(): Promise<ScalingReport> {
    const now = this.#deps.clock.now();
    if (this.#report && now - this.#report.at < FRESH_MS) return this.#report.made;
    const made = this.#make(now);
    this.#report = { at: now, made };
    made.catch(() => {
      if (this.#report?.made === made) this.#report = undefined;
    });
    return made;
  }

  async #make(at: number): Promise<ScalingReport> {
    const { telemetry, config, retentionDays } = this.#deps;
    const resources = await this.resources();
    const { figures, problems } = await readFigures(telemetry, at);
    const routes = await readRoutes(telemetry, at);
    const memory = await readMemory(telemetry, at);
    const recommendations = recommend({ resources, figures, prices: config().prices, retentionDays: retentionDays() });
    const judged = await this.#vercel({ routes: routes.items, memory: memory.items });
    return {
      ...{ at, resources, figures, routes, memory, recommendations },
      vercel: judged.vercel,
      problems: [...this.#problems, ...problems, ...judged.problems],
    };
  }

  async #vercel(
    measured: NonNullable<VercelContext['measured']>,
  ): Promise<{ vercel: ScalingReport['vercel']; problems: Problem[] }> {
    const { vercel: file, plan } = this.#deps.config();
    if (file === null) return { vercel: null, problems: [] };
    try {
      return { vercel: { file, plan, findings: await this.#deps.checkVercel(file, measured) }, problems: [] };
    } catch (error) {
      return { vercel: null, problems: [{ source: file, message: messageOf(error) }] };
    }
  }

  async #write(
    samples: readonly { name: string; value: number; unit: string; labels: Readonly<Record<string, string>> }[],
  ): Promise<void> {
    if (samples.length === 0) return;
    const origin = { id: '', project: '', service: this.#deps.service, environment: '', release: '' };
    const timestamp = this.#deps.clock.now();
    const rows = samples.map(({ labels, ...sample }): TelemetryRow => {
      return { ...origin, timestamp, type: 'gauge', ...sample, attributes: { ...labels } };
    });
    await this.#deps.writer.append('metrics', rows);
  }
}
