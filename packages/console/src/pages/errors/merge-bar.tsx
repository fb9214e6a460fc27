import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ErrorIssue } from '@yumops/protocol';
import { post } from '../../api/client.ts';
import { mayRespond } from '../../api/project.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { titleOf } from './error-state.ts';

export interface MergeBarProps {
  /** The issues that are chosen, in the order of the list. */
  issues: readonly ErrorIssue[];
  /** Takes the choice back. */
  clear(): void;
}

/** Makes one issue of several; the one with most events keeps its name and its decisions. */
export function MergeBar({ issues, clear }: MergeBarProps) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const [into, ...others] = issues.toSorted((a, b) => b.count - a.count);
  const merge = useMutation({
    mutationFn: (id: string) =>
      post(`/api/v1/errors/${encodeURIComponent(id)}/merge`, { ids: others.map((issue) => issue.id) }),
    onSuccess: clear,
    onSettled: () =>
      queryClient.invalidateQueries({ predicate: ({ queryKey: [first] }) => first === 'error' || first === 'errors' }),
  });
  if (into === undefined) return null;
  return (
    <div className="merge-bar" role="status">
      {others.length === 0 ? (
        <span>Choose at least one more to make one error of them.</span>
      ) : (
        <Button
          look="primary"
          disabled={!mayRespond(me) || merge.isPending}
          title="Their events count together from now on; each can be taken out again on the page of the error"
          onClick={() => merge.mutate(into.id)}
        >
          Merge {others.length + 1} into {titleOf(into)}
        </Button>
      )}
      <Button onClick={clear}>Clear</Button>
      <RefusedNote error={merge.error} />
    </div>
  );
}
