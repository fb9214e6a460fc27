import type { Notifier } from './notifier.ts';
import type { NamedIntegration } from './section.ts';

/**
 * One way out to several receivers: the target of a message is the receiver's name. Undefined when there is none that
 * may be called.
 */
export function byName<Integration extends NamedIntegration>(
  channel: string,
  integrations: readonly Integration[],
  make: (integration: Integration) => Notifier,
): Notifier | undefined {
  const working = integrations.filter(({ broken }) => broken === null);
  if (working.length === 0) return undefined;
  const notifiers = new Map(working.map((integration) => [integration.name, make(integration)]));
  return {
    async send(message, signal) {
      const notifier = notifiers.get(message.target);
      if (notifier) return notifier.send(message, signal);
      return { outcome: 'refused', reason: `there is no ${channel} receiver named ${message.target}` };
    },
  };
}
