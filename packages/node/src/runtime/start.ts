import { watchOutboundCalls } from './outbound.ts';
import { type ConfigureOptions, configure, pipeline } from './pipeline.ts';
import { carryTraces } from './propagation.ts';
import { startSampling } from './samples.ts';
import { shared } from './shared.ts';

/**
 * Starts what needs no wrapper: reports of outbound calls, which carry the trace of their request on, and runtime samples every 15 s. Safe to call more than once.
 * @param options overrides of the environment, as for `configure`
 */
export function start(options: ConfigureOptions = {}): void {
  configure(options);
  if (pipeline().settings.building) {
    return;
  }
  shared('started', () => {
    watchOutboundCalls();
    carryTraces();
    startSampling();
    return true;
  });
}
