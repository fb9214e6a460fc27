import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { IngestKeyItem } from '@yumops/protocol';
import { useState } from 'react';
import { createIngestKey, ingestKeysQuery, revokeIngestKey } from '../../api/access.ts';
import { Button } from '../../components/button.tsx';
import { Form } from '../../components/form.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { SecretForm } from './secret-form.tsx';

const route = getRouteApi('/console/settings');

/** Keys with which apps and pages send: which there are, when they were last used; new ones, and the end of old ones. */
export function IngestKeys() {
  const known = useQuery(ingestKeysQuery);
  const { do: doing } = route.useSearch();
  const navigate = route.useNavigate();
  const [leaving, setLeaving] = useState<IngestKeyItem | null>(null);
  const show = (what?: string) => void navigate({ search: { view: 'keys', do: what } });
  return (
    <Panel title="Ingest keys" flush actions={<Button onClick={() => show('key')}>Make a key</Button>}>
      <QueryView query={known} what="the ingest keys" rows={4}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="access-empty quiet">No key yet. Every app and page that sends needs one.</p>
          ) : (
            <ul className="access-list">
              {items.map((key) => (
                <Row key={key.id} item={key} revoke={() => setLeaving(key)} />
              ))}
            </ul>
          )
        }
      </QueryView>
      {doing === 'key' && <NewKey close={() => show()} />}
      {leaving !== null && <Revoke item={leaving} close={() => setLeaving(null)} />}
    </Panel>
  );
}

const nameOf = ({ id, name }: IngestKeyItem) => name ?? `Key ${id}`;

function Row({ item, revoke }: { item: IngestKeyItem; revoke(): void }) {
  return (
    <li>
      <span className="access-what">
        <strong>{nameOf(item)}</strong>
        <span className="quiet">
          {item.scope === 'public' ? 'public' : 'server'}, project {item.project ?? 'any'}, {pages(item)}last used{' '}
          {item.lastUsedAt === null ? 'never' : <When at={item.lastUsedAt} />}
        </span>
      </span>
      {item.revokedAt === null ? (
        <Button aria-label={`Revoke ${nameOf(item)}`} onClick={revoke}>
          Revoke
        </Button>
      ) : (
        <State tone="none" word="Revoked" />
      )}
    </li>
  );
}

function pages({ scope, origins }: IngestKeyItem): string {
  if (scope !== 'public') return '';
  return origins.length === 0 ? 'from any page, ' : `from ${origins.join(', ')}, `;
}

function useChange<Input, Answer>(mutationFn: (input: Input) => Promise<Answer>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ingestKeysQuery.queryKey }),
  });
}

function Revoke({ item, close }: { item: IngestKeyItem; close(): void }) {
  const revoke = useChange(revokeIngestKey);
  return (
    <Form
      title={`Revoke ${nameOf(item)}`}
      verb="Revoke the key"
      error={revoke.error}
      busy={revoke.isPending}
      submit={() => revoke.mutate(item.id, { onSuccess: close })}
      close={close}
    >
      <p>
        {item.lastUsedAt === null ? 'It was never used. ' : 'What sends with it is refused from this moment on. '}
        It cannot be taken back; make another key for what still sends.
      </p>
    </Form>
  );
}

function NewKey({ close }: { close(): void }) {
  const make = useChange(createIngestKey);
  const [scope, setScope] = useState<'server' | 'public'>('server');
  const wishOf = (data: FormData) => {
    const origins = String(data.get('origins') ?? '')
      .split(/[\s,]+/)
      .filter((origin) => origin !== '');
    return { name: String(data.get('name')), project: String(data.get('project')), scope, origins };
  };
  return (
    <SecretForm title="Make an ingest key" what="key" make={make} wishOf={wishOf} close={close}>
      <label className="field">
        <span className="field-label">Who sends</span>
        <select
          className="input"
          value={scope}
          onChange={(event) => setScope(event.target.value === 'public' ? 'public' : 'server')}
        >
          <option value="server">A server: everything</option>
          <option value="public">Web pages: errors and vitals alone</option>
        </select>
      </label>
      <label className="field">
        <span className="field-label">Number of the project</span>
        <input className="input" name="project" required pattern="\d{1,9}" defaultValue="1" inputMode="numeric" />
      </label>
      {scope === 'public' && (
        <label className="field">
          <span className="field-label">Origins of the pages, empty for any</span>
          <input className="input" name="origins" placeholder="https://shop.example https://*.shop.example" />
        </label>
      )}
    </SecretForm>
  );
}
