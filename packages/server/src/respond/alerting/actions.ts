import { YumOpsError } from '../../lib/errors.ts';
import { type ChangeDeps, changeGroup } from './group/change.ts';
import type { GroupInput } from './group/decide.ts';
import type { VendorReport } from './group/report.ts';
import type { Audit } from './ports.ts';

/** What people, and vendors for them, do to alerts from outside. */
export interface AlertActions {
  /**
   * Takes an alert: later steps stop. A second acknowledgement is recorded and changes nothing.
   * @throws YumOpsError `alert_not_found` (404)
   */
  acknowledge(alertId: string, by: string, via: string): Promise<void>;
  /**
   * Passes an alert on: its next step is sent now, and an acknowledgement ends.
   * @throws YumOpsError `alert_not_found` (404)
   */
  escalate(alertId: string, by: string, via: string): Promise<void>;
  /**
   * Resolves an alert by hand. It opens again when what it is about goes on for longer than an episode is reopened.
   * @throws YumOpsError `alert_not_found` (404)
   */
  resolve(alertId: string, by: string, via: string): Promise<void>;
  /** Notes what a vendor says of a message after it has taken it. Unknown messages are left alone. */
  report(messageId: string, report: VendorReport): Promise<void>;
}

export interface ActionDeps extends ChangeDeps {
  audit: Audit;
  /** Ms since the epoch. */
  now: () => number;
  /** Called when something may be due. */
  wake: () => void;
}

/** Makes the actions; each is one transaction with its audit row. */
export function alertActions(deps: ActionDeps): AlertActions {
  const { store, audit, now, wake } = deps;
  const act = async (
    alertId: string,
    action: string,
    by: string,
    via: string,
    input: (at: number) => GroupInput,
  ): Promise<void> => {
    const groupKey = (await store.groupsOf([alertId])).get(alertId);
    if (groupKey === undefined) {
      throw new YumOpsError('alert_not_found', `There is no alert ${alertId}.`, { status: 404 });
    }
    const at = now();
    await changeGroup(deps, {
      groupKey,
      alertIds: [alertId],
      inputs: [input(at)],
      now: () => at,
      afterwards: (tx) => audit(tx, { at, actor: by, action, target: alertId, detail: { via } }),
    });
    wake();
  };
  return {
    acknowledge: (alertId, by, via) =>
      act(alertId, 'alert.acknowledge', by, via, (at) => ({ type: 'acknowledged', alertId, ack: { by, via, at } })),
    escalate: (alertId, by, via) =>
      act(alertId, 'alert.escalate', by, via, () => ({ type: 'escalated', alertId, by, via })),
    resolve: (alertId, by, via) => act(alertId, 'alert.resolve', by, via, () => ({ type: 'closed', alertId, by, via })),
    async report(messageId, report) {
      const at = now();
      for (const { id, groupKey, alertIds } of await store.leftAs(messageId)) {
        const inputs: GroupInput[] = [{ type: 'reported', messageId: id, report }];
        await changeGroup(deps, { groupKey, alertIds, inputs, now: () => at });
      }
      wake();
    },
  };
}
