export type { MessageAlert, MessageBody } from './body.ts';
export type { Integrations, SlackIntegration, SmtpIntegration, WebhookIntegration } from './config.ts';
export type { DeliveryResult, Notifier, Outgoing } from './notifier.ts';
export { createNotifiers } from './registry.ts';
