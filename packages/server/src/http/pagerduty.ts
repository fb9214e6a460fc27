import type { FastifyInstance } from 'fastify';
import { codeOf, YumOpsError } from '../lib/errors.ts';
import { type PagerdutyDeed, readPagerdutyDeed, verifyPagerduty } from '../respond/notify/index.ts';
import { headerOf, signedFormRoutes } from './signed-form.ts';

export interface PagerdutyRouteDeps {
  /** Secrets of the webhooks, as configured now. */
  secrets: () => readonly string[];
  /** Does here what somebody did in PagerDuty. */
  onDeed(deed: PagerdutyDeed): Promise<void>;
}

/** `POST /integrations/pagerduty/webhook`: acknowledgements and ends of incidents in PagerDuty, verified. */
export function pagerdutyRoutes(app: FastifyInstance, { secrets, onDeed }: PagerdutyRouteDeps): void {
  signedFormRoutes(
    app,
    'Called by PagerDuty when somebody acknowledges or resolves an incident',
    {
      '/integrations/pagerduty/webhook': async (request, reply) => {
        const known = secrets();
        if (known.length === 0) {
          throw new YumOpsError('not_set_up', 'There is no PagerDuty webhook here.', {
            hint: 'Set webhook_secret of an item of integrations.pagerduty.',
            status: 404,
          });
        }
        const signature = headerOf(request, 'x-pagerduty-signature');
        if (!known.some((secret) => verifyPagerduty(secret, signature, request.body))) {
          throw new YumOpsError('bad_signature', 'This request is not signed by PagerDuty.', { status: 401 });
        }
        const deed = readPagerdutyDeed(request.body);
        if (deed) await onDeed(deed).catch(unlessUnknown);
        return reply.code(202).send();
      },
    },
    'application/json',
  );
}

/** An incident of an alert that is forgotten here concerns nobody. */
function unlessUnknown(error: unknown): void {
  if (codeOf(error) !== 'alert_not_found') throw error;
}
