import { getRouteApi } from '@tanstack/react-router';
import type { BackupItem, BackupPlan } from '@yumops/protocol';
import { Panel } from '../../components/panel.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { formatBytes } from '../../format/number.ts';
import { backupLook } from './backup-look.ts';

const route = getRouteApi('/console/backups');

/** The newest base backup and all that it builds on, the full one first. */
export function chainOf(items: readonly BackupItem[]): BackupItem[] {
  const good = items.filter(({ tier, status }) => tier === 'physical' && status === 'good');
  const chain: BackupItem[] = [];
  let next = good[0];
  while (next && !chain.includes(next)) {
    chain.unshift(next);
    const { parent } = next;
    next = good.find(({ id }) => id === parent);
  }
  return chain;
}

/** What the present would be restored from: a full base backup, what changed since, and the log to this moment. */
export function Chain({ items, plan }: { items: readonly BackupItem[]; plan: BackupPlan }) {
  const chain = chainOf(items);
  if (chain.length === 0) return null;
  return (
    <Panel title="Chain" of={plan.name} note="what the latest moment is restored from">
      <ol className="backup-chain">
        {chain.map((item) => (
          <li key={item.id}>
            <route.Link to="." search={{ backup: item.id }} className="backup-link">
              <strong>
                {item.parent !== null ? 'Increment' : item.synthetic === null ? 'Full' : 'Synthetic full'}
              </strong>
              <Instant at={item.started} />
              <span className="figures">{formatBytes(item.size)}</span>
              <State {...backupLook(item)} />
            </route.Link>
          </li>
        ))}
        <li>
          <span className="backup-link">
            <strong>Log</strong>
            {plan.recoverable.latest === null ? (
              <span className="quiet">none</span>
            ) : (
              <span>
                to <Instant at={plan.recoverable.latest} />
              </span>
            )}
          </span>
        </li>
      </ol>
    </Panel>
  );
}
