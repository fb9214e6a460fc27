import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ErrorGroup, ErrorIssueDetail } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { mayRespond } from '../../api/project.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Panel } from '../../components/panel.tsx';
import { State } from '../../components/state.tsx';
import { formatCount } from '../../format/number.ts';

const BY: Record<ErrorGroup['by'], string> = {
  fingerprint: 'The application gave them one fingerprint.',
  rule: "A grouping rule of this project's configuration matched.",
  stack: 'Type and own frames are the same, without line numbers, build hashes and columns.',
  message: 'Type and message are the same, with numbers, ids, addresses and times taken out.',
};

/** Says why the events are one, and takes out what was merged by hand. */
export function Groups({ issue }: { issue: ErrorIssueDetail }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const split = useMutation({
    mutationFn: (hash: string) => post(`/api/v1/errors/${encodeURIComponent(issue.id)}/split`, { groups: [hash] }),
    onSettled: () =>
      queryClient.invalidateQueries({ predicate: ({ queryKey: [first] }) => first === 'error' || first === 'errors' }),
  });
  return (
    <Panel title="Why these are one issue">
      <ul className="error-groups">
        {issue.groups.map((group) => (
          <li key={group.hash}>
            <p>
              {group.merged ? 'Merged by hand. ' : ''}
              {BY[group.by]} <span className="quiet figures">{formatCount(group.count)} events</span>
            </p>
            <ul className="error-parts">
              {group.parts.map((part) => (
                <li key={part}>
                  <code>{part}</code>
                </li>
              ))}
            </ul>
            {group.rootCause !== null && <p className="quiet">Root cause of the chain: {group.rootCause}</p>}
            {group.merged && (
              <Button disabled={!mayRespond(me) || split.isPending} onClick={() => split.mutate(group.hash)}>
                Make it an issue of its own
              </Button>
            )}
          </li>
        ))}
      </ul>
      {split.error !== null && <State tone="bad" word={split.error.message} />}
    </Panel>
  );
}
