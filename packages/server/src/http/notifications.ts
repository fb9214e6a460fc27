import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { TestReport } from '../respond/notify/index.ts';
import type { Guard } from './access.ts';
import { testReport } from './alert-shapes.ts';

export interface NotificationDeps {
  guard: Guard;
  /** Sends a test message and records who asked for it. */
  sendTest(order: { channel: string; target: string; by: string }): Promise<TestReport>;
}

const order = z.object({
  channel: z.string().min(1).max(40).describe('slack, email, sms, phone_call, pagerduty, …'),
  target: z.string().min(1).max(300).describe('Slack channel, address, number, or name of the receiver'),
});

/** `POST /api/v1/notifications/test`: one message, marked as a test, through the real way out. */
export function notificationRoutes(app: FastifyInstance, deps: NotificationDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    '/api/v1/notifications/test',
    {
      onRequest: deps.guard('admin'),
      schema: {
        summary: 'Send a test message',
        ...{ tags: ['notifications'], body: order, response: { 200: testReport } },
      },
    },
    async (request) => deps.sendTest({ ...request.body, by: request.principal?.name ?? 'unknown' }),
  );
}
