import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { codeOf, YumOpsError } from '../lib/errors.ts';
import { type Deed, readOpsgenieDeed, readPagerdutyDeed, verifyPagerduty } from '../respond/notify/index.ts';
import { headerOf, signedFormRoutes } from './signed-form.ts';

export interface DeedRouteDeps {
  /** Secrets of the webhooks, as configured now. */
  secrets: () => readonly string[];
  /** Does here what somebody did at the vendor. */
  onDeed(deed: Deed): Promise<void>;
}

interface DeedRoute {
  /** As people write it, and as its folder under `integrations` is named. */
  vendor: string;
  name: string;
  summary: string;
  verify(secret: string, request: FastifyRequest<{ Body: string }>): boolean;
  read(rawBody: string): Deed | undefined;
}

/** `POST /integrations/pagerduty/webhook`: acknowledgements and ends of incidents in PagerDuty, verified. */
export function pagerdutyRoutes(app: FastifyInstance, deps: DeedRouteDeps): void {
  deedRoute(app, deps, {
    ...{ vendor: 'PagerDuty', name: 'pagerduty' },
    summary: 'Called by PagerDuty when somebody acknowledges or resolves an incident',
    verify: (secret, request) => verifyPagerduty(secret, headerOf(request, 'x-pagerduty-signature'), request.body),
    read: readPagerdutyDeed,
  });
}

/** `POST /integrations/opsgenie/webhook`: acknowledgements and ends of alerts in Opsgenie, which signs nothing. */
export function opsgenieRoutes(app: FastifyInstance, deps: DeedRouteDeps): void {
  deedRoute(app, deps, {
    ...{ vendor: 'Opsgenie', name: 'opsgenie' },
    summary: 'Called by Opsgenie when somebody acknowledges or closes an alert',
    verify: (secret, request) => isBearer(headerOf(request, 'authorization'), secret),
    read: readOpsgenieDeed,
  });
}

function deedRoute(
  app: FastifyInstance,
  { secrets, onDeed }: DeedRouteDeps,
  { vendor, name, summary, verify, read }: DeedRoute,
): void {
  signedFormRoutes(
    app,
    summary,
    {
      [`/integrations/${name}/webhook`]: async (request, reply) => {
        const known = secrets();
        if (known.length === 0) {
          throw new YumOpsError('not_set_up', `There is no ${vendor} webhook here.`, {
            hint: `Set webhook_secret of an item of integrations.${name}.`,
            status: 404,
          });
        }
        if (!known.some((secret) => verify(secret, request))) {
          throw new YumOpsError('bad_signature', `This request does not come from ${vendor}.`, { status: 401 });
        }
        const deed = read(request.body);
        if (deed) await onDeed(deed).catch(unlessUnknown);
        return reply.code(202).send();
      },
    },
    'application/json',
  );
}

/** Compares digests, so that the time tells nothing of the secret or of its length. */
function isBearer(given: string | undefined, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given ?? ''), digest(`Bearer ${secret}`));
}

/** An alert that is forgotten here concerns nobody. */
function unlessUnknown(error: unknown): void {
  if (codeOf(error) !== 'alert_not_found') throw error;
}
