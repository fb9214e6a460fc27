import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ErrorIssueDetail } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { mayRespond } from '../../api/project.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { State } from '../../components/state.tsx';
import { IgnoreMenu } from './ignore-menu.tsx';

export type Change = Record<string, unknown> & { action: 'resolve' | 'ignore' | 'reopen' | 'assign' };

/** What can be decided of an error; each step says what it will mean. */
export function Decide({ issue }: { issue: ErrorIssueDetail }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const change = useMutation({
    mutationFn: (body: Change) => post(`/api/v1/errors/${encodeURIComponent(issue.id)}`, body),
    onSettled: () =>
      queryClient.invalidateQueries({ predicate: ({ queryKey: [first] }) => first === 'error' || first === 'errors' }),
  });
  const allowed = mayRespond(me);
  const step = (label: string, body: Change, title: string, primary = false) => (
    <Button
      key={label}
      look={primary ? 'primary' : 'normal'}
      title={title}
      disabled={!allowed || change.isPending}
      onClick={() => change.mutate(body)}
    >
      {label}
    </Button>
  );
  const mine = me !== undefined && issue.assignee !== me.email;
  return (
    <div className="error-decide" role="status">
      {issue.status === 'unresolved' ? (
        <>
          {step('Resolve', { action: 'resolve' }, 'Any event from now on is a regression', true)}
          {issue.lastRelease !== null &&
            step(
              'Resolve in next release',
              { action: 'resolve', in: 'next-release' },
              'An event of a later release is a regression',
            )}
          {step(
            'Ignore until it escalates',
            { action: 'ignore', escalating: true },
            'Comes back when it is much more frequent than usual',
          )}
          <IgnoreMenu disabled={!allowed || change.isPending} onChoose={change.mutate} />
        </>
      ) : (
        step('Reopen', { action: 'reopen' }, 'Back into the list of unresolved errors', true)
      )}
      {mine && step('Assign to me', { action: 'assign', to: me.email }, 'Your name stands beside it')}
      {!allowed && me !== undefined && <span className="quiet">Your role may only look.</span>}
      {change.error !== null && <State tone="bad" word={change.error.message} />}
    </div>
  );
}
