import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { SecurityBlock, SecurityChallenge } from '@yumops/protocol';
import { remove } from '../../api/client.ts';
import { mayRespond } from '../../api/project.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { kindText, valueText } from './security-look.ts';

type Listed = SecurityBlock | SecurityChallenge;

export interface RestrictionListProps {
  title: string;
  what: 'blocks' | 'challenges';
  items: readonly Listed[];
  /** Said when there is none. */
  none: string;
  actions?: React.ReactNode;
}

/** Who is shut out or challenged, why, until when, with a way to undo each. */
export function RestrictionList({ title, what, items, none, actions }: RestrictionListProps) {
  return (
    <Panel title={title} note={String(items.length)} actions={actions} flush>
      {items.length === 0 ? (
        <Empty title={none} />
      ) : (
        <ul>
          {items.map((item) => (
            <Row key={item.id} item={item} what={what} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Row({ item, what }: { item: Listed; what: 'blocks' | 'challenges' }) {
  const mayChange = mayRespond(useQuery(meQuery).data);
  const queryClient = useQueryClient();
  const lift = useMutation({
    mutationFn: () => remove(`/api/v1/security/${what}/${encodeURIComponent(item.id)}`),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['security'] }),
  });
  const value = valueText(item);
  return (
    <li className="restriction-row">
      <State tone={what === 'blocks' ? 'bad' : 'warn'} word={kindText(item.kind)} />
      <span className="restriction-text">
        <strong className="mono truncate" title={item.value}>
          {value}
        </strong>
        <span>{item.why}</span>
        <span className="quiet">{item.author === 'detection' ? 'set by detection' : `set by ${item.author}`}</span>
      </span>
      <span className="quiet">
        until <Instant at={item.until} />
      </span>
      {mayChange && (
        <Button disabled={lift.isPending} onClick={() => lift.mutate()} aria-label={`Lift: ${value}`}>
          Lift
        </Button>
      )}
      {lift.error !== null && <State tone="bad" word={lift.error.message} />}
    </li>
  );
}
