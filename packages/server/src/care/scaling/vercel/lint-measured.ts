import type { Report } from '../../../lib/finding.ts';
import type { VercelContext } from './context.ts';
import { LIMITS } from './facts.ts';
import { type FileLoad, type FunctionSettings, LEAST_REQUESTS, loadsOfFiles } from './measured.ts';

/** A duration counts as near its limit from this share on, and as far below it under that one. */
const NEAR = 0.8;
const FAR = 0.1;
const MANY_REQUESTS = 1_000;
/** Percent of memory. */
const MEMORY_NEAR = 85;

const seconds = (ms: number) => `${Number((ms / 1_000).toPrecision(3))} s`;

/** Reports where the request log and samples of memory do not fit the settings; paths count from `functions`. */
export function lintMeasured(
  functions: Readonly<Record<string, FunctionSettings>>,
  { plan, files, measured }: VercelContext,
  report: Report,
): void {
  if (!measured) return;
  const loads = loadsOfFiles(files ?? [], measured.routes, functions, LIMITS[plan].maxDuration);
  const enough = loads.filter(({ requests }) => requests >= LEAST_REQUESTS);
  for (const load of enough) {
    if (load.p99 >= NEAR * load.maxDuration * 1_000) report(nearLimit(load));
  }
  for (const pattern of Object.keys(functions)) {
    const own = enough.filter((load) => load.pattern === pattern);
    const slowest = own.toSorted((a, b) => b.slowest - a.slowest)[0];
    const requests = own.reduce((sum, load) => sum + load.requests, 0);
    if (!slowest || requests < MANY_REQUESTS || slowest.slowest > FAR * slowest.maxDuration * 1_000) continue;
    const message = `the slowest of ${requests} requests took ${seconds(slowest.slowest)}, of ${slowest.maxDuration} s allowed`;
    const suggestion = 'a lower limit ends runaway functions sooner, and they are paid by the second';
    report({ code: 'I402', path: [pattern, 'maxDuration'], message, suggestion });
  }
  for (const { service, percent, samples } of measured.memory) {
    if (percent < MEMORY_NEAR) continue;
    const message = `${service} used up to ${Math.round(percent)} % of its memory in ${samples} samples`;
    report({
      code: 'W406',
      path: [],
      atKey: true,
      message,
      suggestion: 'choose the larger size in the project settings',
    });
  }
}

function nearLimit({ endpoint, requests, p99, maxDuration, pattern }: FileLoad) {
  const beyond = p99 >= maxDuration * 1_000;
  return {
    code: 'W405',
    path: pattern === null ? [] : [pattern, 'maxDuration'],
    message: `1 % of ${requests} requests of ${endpoint} take ${seconds(p99)} or longer, ${beyond ? 'beyond' : 'near'} the ${maxDuration} s ${pattern === null ? 'of the default' : 'allowed'}`,
    suggestion: 'make it faster, or allow more',
  };
}
