import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SavedView } from '@yumops/protocol';
import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Dialog, DialogTrigger } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import { post, remove } from '../../api/client.ts';
import { parseSearch, stringifySearch } from '../../app/search-params.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Form } from '../../components/form.tsx';
import { Icon } from '../../components/icon.tsx';
import { Empty, Failure } from '../../components/notice.tsx';
import { State } from '../../components/state.tsx';
import { viewsQuery } from './logs-queries.ts';
import './saved-views.css';

const route = getRouteApi('/console/logs');

/** What a view keeps: everything of the address but a single line and a running tail. */
function keptOf({ row: _row, tail: _tail, ...kept }: Record<string, unknown>): string {
  return stringifySearch(kept).slice(1);
}

/** Views of this page that somebody named: going to one is a change of the address. */
export function SavedViews() {
  const search = route.useSearch();
  const [naming, setNaming] = useState(false);
  const query = useQuery(viewsQuery('logs'));
  const now = keptOf(search);
  const current = query.data?.items.find((view) => view.search === now);
  return (
    <>
      <DialogTrigger>
        <AriaButton className="button saved-views-button">
          <Icon name="copy" />
          <span className="truncate">{current?.name ?? 'Views'}</span>
        </AriaButton>
        <Popover className="popover" placement="bottom end">
          <Dialog aria-label="Saved views" className="saved-views">
            {({ close }) => (
              <>
                {query.error !== null && <Failure error={query.error} retry={() => void query.refetch()} />}
                {query.data?.items.length === 0 && (
                  <Empty title="No views yet">A view keeps the query, the range and the way to look.</Empty>
                )}
                <ViewList views={query.data?.items ?? []} current={now} close={close} />
                <Button
                  look="primary"
                  onClick={() => {
                    close();
                    setNaming(true);
                  }}
                >
                  Save this view
                </Button>
              </>
            )}
          </Dialog>
        </Popover>
      </DialogTrigger>
      {naming && <NameView search={now} close={() => setNaming(false)} known={query.data?.items ?? []} />}
    </>
  );
}

function ViewList({ views, current, close }: { views: readonly SavedView[]; current: string; close(): void }) {
  const queryClient = useQueryClient();
  const removal = useMutation({
    mutationFn: (id: string) => remove(`/api/v1/views/${encodeURIComponent(id)}`),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['views'] }),
  });
  if (views.length === 0) return null;
  return (
    <>
      {removal.error !== null && <State tone="bad" word={removal.error.message} />}
      <ul>
        {views.map((view) => (
          <li key={view.id} className="saved-view">
            <route.Link
              to="."
              search={() => parseSearch(view.search)}
              className="menu-item"
              aria-current={view.search === current}
              onClick={close}
            >
              <span className="truncate">{view.name}</span>
              <span className="quiet">{view.shared ? (view.mine ? 'shared' : `by ${view.owner}`) : 'only you'}</span>
            </route.Link>
            {view.mine && (
              <IconButton
                icon="remove"
                label={`Remove ${view.name}`}
                disabled={removal.isPending}
                onClick={() => removal.mutate(view.id)}
              />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function NameView({ search, known, close }: { search: string; known: readonly SavedView[]; close(): void }) {
  const queryClient = useQueryClient();
  const [name, setName] = useState('');
  const saving = useMutation({
    mutationFn: (view: { name: string; shared: boolean }) =>
      post<SavedView>('/api/v1/views', { page: 'logs', search, ...view }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['views'] });
      close();
    },
  });
  const replaces = known.some((view) => view.mine && view.name === name.trim());
  return (
    <Form
      title="Save this view"
      verb={replaces ? 'Replace' : 'Save'}
      error={saving.error}
      busy={saving.isPending}
      ready={name.trim() !== ''}
      submit={(data) => saving.mutate({ name: name.trim(), shared: data.get('shared') === 'on' })}
      close={close}
    >
      <label className="field">
        <span className="field-label">Name</span>
        <input
          className="input"
          name="name"
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <label className="saved-view-shared">
        <input type="checkbox" name="shared" /> Everybody may see it
      </label>
    </Form>
  );
}
