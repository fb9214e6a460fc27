import { logger } from '../logging/default-logger.ts';
import { currentScope, withContext } from '../runtime/scope.ts';

/**
 * Wraps a server action: `export const save = withActionLog('save', async (form: FormData) => …)`. The request's line and everything that
 * is logged inside carry the action's name. Where the instrumentation does not run, a line with its duration is written instead.
 */
export function withActionLog<Args extends unknown[], Result>(
  name: string,
  action: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  return (...args) =>
    withContext({ action: name }, async () => {
      const seen = currentScope()?.request;
      if (seen !== undefined) {
        seen.action = name;
        return action(...args);
      }
      const startedAt = performance.now();
      try {
        return await action(...args);
      } finally {
        logger.performance(`action ${name}`, performance.now() - startedAt);
      }
    });
}
