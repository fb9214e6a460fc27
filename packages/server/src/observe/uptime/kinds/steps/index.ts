import { YumOpsError } from '../../../../lib/errors.ts';
import { Secret } from '../../../../lib/secret.ts';
import { lookUp } from '../../assert.ts';
import { type Attempt, down, type Finding, HEALTHY, runAttempt } from '../../attempt.ts';
import { rewriteTarget } from '../../rewrite.ts';
import type { DirectAuth } from '../http/config.ts';
import type { HttpAnswer } from '../http/exchange.ts';
import { factsOf, unmetExpectation } from '../http/expect.ts';
import { resolveAuth } from '../http/oauth2.ts';
import { askAndJudge, buildRequest } from '../http/run.ts';
import type { MonitorKind } from '../kind.ts';
import type { Step, StepsMonitorConfig } from './config.ts';
import { fill } from './placeholder.ts';

/** Requests that follow each other; the first whose answer is not as expected says why. */
export const stepsKind: MonitorKind<'steps'> = {
  run: (monitor, context) => runAttempt(monitor, context, (attempt) => runSteps(monitor, attempt)),
  describe: ({ steps }) => steps.map(({ name, method }) => `${name}: ${method}`),
};

async function runSteps({ steps }: StepsMonitorConfig, attempt: Attempt): Promise<Finding> {
  const values = new Map<string, string>();
  let last: Finding = HEALTHY;
  for (const [index, step] of steps.entries()) {
    last = await runStep(step, values, attempt).catch((error: unknown) => {
      if (!(error instanceof YumOpsError)) throw error;
      return down(error.hint === undefined ? error.message : `${error.message} ${error.hint}`);
    });
    if (last.verdict !== 'up') return { ...last, reason: `Step ${index + 1} "${step.name}": ${last.reason}` };
  }
  return last;
}

async function runStep(step: Step, values: Map<string, string>, attempt: Attempt): Promise<Finding> {
  const url = new URL(rewriteTarget(fill(step.url, values, encodeURIComponent), attempt.context.targets));
  const headers = Object.entries(step.headers).map(([name, value]) => [name, filled(value, values)]);
  const body = step.body === null ? null : fill(step.body, values);
  const parts = {
    method: step.method,
    headers: Object.fromEntries(headers),
    body,
    auth: filledAuth(await resolveAuth(step.auth, attempt), values),
    tls: step.tls,
  };
  const startedMs = attempt.timer.elapsed();
  return askAndJudge(buildRequest(url, parts), step.followRedirects, attempt, async (answer, elapsedMs) => {
    const unmet = await unmetExpectation(step, answer, elapsedMs - startedMs);
    const reason = unmet ?? keep(step.save, answer, values);
    return reason === null ? HEALTHY : down(reason);
  });
}

function filled(secret: Secret, values: ReadonlyMap<string, string>): Secret {
  return new Secret(fill(secret.reveal(), values));
}

function filledAuth(auth: DirectAuth | null, values: ReadonlyMap<string, string>): DirectAuth | null {
  return auth?.kind === 'bearer' ? { ...auth, token: filled(auth.token, values) } : auth;
}

/** Keeps what later steps need. @returns a sentence when the answer does not have it */
function keep(save: Step['save'], answer: HttpAnswer, values: Map<string, string>): string | null {
  const facts = factsOf(answer, 0);
  for (const [name, subject] of Object.entries(save)) {
    const value = lookUp(subject, facts);
    if (value === undefined || value === null) return `Expected the answer to have a value for ${name}, it has none.`;
    values.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return null;
}
