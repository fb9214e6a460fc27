import { type UseMutationResult, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { TokenItem } from '@yumops/protocol';
import { createToken, revokeToken, tokensQuery } from '../../api/access.ts';
import { Button } from '../../components/button.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { grantsText } from '../../format/grants.ts';
import { SecretForm } from './secret-form.tsx';

const route = getRouteApi('/console/settings');

/** API tokens: which there are, when they were last used; new ones, and the end of old ones. */
export function Tokens() {
  const known = useQuery(tokensQuery);
  const { do: doing } = route.useSearch();
  const navigate = route.useNavigate();
  const queryClient = useQueryClient();
  const onSuccess = () => queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey });
  const revoke = useMutation({ mutationFn: revokeToken, onSuccess });
  const make = useMutation({ mutationFn: createToken, onSuccess });
  const leave = () => void navigate({ search: { view: 'tokens' } });
  const open = () => {
    make.reset();
    void navigate({ search: { view: 'tokens', do: 'token' } });
  };
  return (
    <Panel title="API tokens" flush actions={<Button onClick={open}>Make a token</Button>}>
      <QueryView query={known} what="the tokens" rows={4}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="access-empty quiet">No token yet. Scripts and agents need one.</p>
          ) : (
            <ul className="access-list">
              {items.map((token) => (
                <Row key={token.id} token={token} busy={revoke.isPending} revoke={() => revoke.mutate(token.id)} />
              ))}
            </ul>
          )
        }
      </QueryView>
      <RefusedNote error={revoke.error} />
      {doing === 'token' && <NewToken make={make} close={leave} />}
    </Panel>
  );
}

function Row({ token, busy, revoke }: { token: TokenItem; busy: boolean; revoke(): void }) {
  return (
    <li>
      <span className="access-what">
        <strong>{token.name}</strong>
        <span className="quiet">
          {grantsText(token)}
          {token.resources !== null && ` of ${token.resources.join(', ')}`}, last used{' '}
          {token.lastUsedAt === null ? 'never' : <When at={token.lastUsedAt} />}
          {token.expiresAt !== null && token.revokedAt === null && `, works until ${token.expiresAt.slice(0, 10)}`}
        </span>
      </span>
      {token.revokedAt === null ? (
        <Button disabled={busy} aria-label={`Revoke ${token.name}`} onClick={revoke}>
          Revoke
        </Button>
      ) : (
        <State tone="none" word="Revoked" />
      )}
    </li>
  );
}

interface NewTokenProps {
  make: UseMutationResult<{ secret: string }, Error, { name: string; role: string; days?: number }>;
  close(): void;
}

function NewToken({ make, close }: NewTokenProps) {
  const wishOf = (data: FormData) => {
    const days = Number(data.get('days'));
    const token = { name: String(data.get('name')), role: String(data.get('role')) };
    return days > 0 ? { ...token, days } : token;
  };
  return (
    <SecretForm title="Make a token" what="token" make={make} wishOf={wishOf} close={close}>
      <label className="field">
        <span className="field-label">Role</span>
        <select className="input" name="role" defaultValue="viewer">
          <option>viewer</option>
          <option>responder</option>
          <option>admin</option>
        </select>
      </label>
      <label className="field">
        <span className="field-label">Days until it ends, empty for none</span>
        <input className="input" name="days" type="number" min={1} max={3650} defaultValue={90} />
      </label>
    </SecretForm>
  );
}
