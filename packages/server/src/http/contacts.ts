import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { ContactChange, NewRules, OnCall, PersonalRule } from '../respond/oncall/index.ts';
import type { Guard } from './access.ts';

export interface ContactDeps {
  onCall: OnCall;
  guard: Guard;
  clock: Clock;
}

const name = z.string().min(1).max(300);
const id = z.object({ id: z.string().regex(/^\d{1,18}$/) });
const channel = z.enum(['sms', 'phone_call', 'email', 'ntfy']);
const rule = z.object({ after: z.number().nonnegative().describe('Seconds from the step'), channel });
const rules = z.array(rule).max(50).optional();
export const contactMethod = z.object({
  id: z.string().nullable().describe('Null for one of the configuration that nobody has confirmed'),
  person: z.string(),
  channel,
  address: z.string(),
  confirmed: z.boolean(),
  broken: z.string().nullable().describe('Why nothing can be sent there'),
  fromConfiguration: z.boolean(),
});
const sentCode = z.object({
  outcome: z.enum(['sent', 'retry', 'refused']),
  answer: z.string().describe('What the vendor answered'),
});
const tags = ['on-call'];

/** How people are reached: their addresses, which they confirm with a code, and rules of their own. */
export function contactRoutes(app: FastifyInstance, deps: ContactDeps): void {
  methodRoutes(app, deps);
  testRoute(app, deps);
  ruleRoutes(app, deps);
}

/** Tokens of administrators and administrators may change what belongs to others. */
function changeOf(request: FastifyRequest, clock: Clock): ContactChange {
  const { principal } = request;
  return { actor: principal?.name ?? 'unknown', now: clock.now(), mayChangeOthers: principal?.role === 'admin' };
}

function methodRoutes(app: FastifyInstance, { onCall, guard, clock }: ContactDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('responder');
  const body = z.object({ person: name, channel, address: z.string().min(1).max(320) });

  routes.post(
    '/api/v1/oncall/contact-methods',
    {
      onRequest,
      schema: { summary: 'Add an address of a person', tags, body, response: { 201: contactMethod } },
    },
    async (request, reply) => reply.code(201).send(await onCall.addMethod(request.body, changeOf(request, clock))),
  );
  routes.post(
    '/api/v1/oncall/contact-methods/:id/code',
    {
      onRequest,
      schema: { summary: 'Send a code to an address', tags, params: id, response: { 200: sentCode } },
    },
    async (request) => {
      const { outcome, answer } = await onCall.sendCode(request.params.id, changeOf(request, clock));
      return { outcome, answer };
    },
  );
  routes.post(
    '/api/v1/oncall/contact-methods/:id/confirm',
    {
      onRequest,
      schema: {
        ...{ summary: 'Confirm an address with the code that arrived there', tags, params: id },
        body: z.object({ code: z.string().min(1).max(20) }),
        response: { 200: contactMethod },
      },
    },
    async (request) => onCall.confirmMethod(request.params.id, request.body.code, changeOf(request, clock)),
  );
  routes.delete(
    '/api/v1/oncall/contact-methods/:id',
    { onRequest, schema: { summary: 'Remove an address, or its confirmation', tags, params: id } },
    async (request, reply) => {
      await onCall.removeMethod(request.params.id, changeOf(request, clock));
      return reply.code(204).send();
    },
  );
}

function testRoute(app: FastifyInstance, { onCall, guard, clock }: ContactDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    '/api/v1/oncall/people/:person/test',
    {
      onRequest: guard('responder'),
      schema: {
        ...{ summary: 'Send a test message to an address of a person', tags, response: { 200: sentCode } },
        params: z.object({ person: name }),
        body: z.object({ channel, address: z.string().min(1).max(320) }),
      },
    },
    async (request) => {
      const reached = { person: request.params.person, ...request.body };
      const { outcome, answer } = await onCall.testMethod(reached, changeOf(request, clock));
      return { outcome, answer };
    },
  );
}

function ruleRoutes(app: FastifyInstance, { onCall, guard, clock }: ContactDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const read = (items: z.infer<typeof rules>): PersonalRule[] | undefined =>
    items?.map(({ after, channel: by }) => ({ afterMs: after * 1_000, channel: by }));

  routes.post(
    '/api/v1/oncall/people/:person/rules',
    {
      onRequest: guard('responder'),
      schema: {
        ...{ summary: 'Set how a person is told by steps that notify on_call', tags },
        params: z.object({ person: name }),
        body: z.object({ high: rules.describe('Of critical alerts'), low: rules.describe('Of all others') }),
      },
    },
    async (request, reply) => {
      const { high, low } = request.body;
      const wanted: NewRules = { high: read(high), low: read(low) };
      await onCall.setRules(request.params.person, wanted, changeOf(request, clock));
      return reply.code(204).send();
    },
  );
}
