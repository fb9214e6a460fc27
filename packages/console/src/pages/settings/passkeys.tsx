import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  addPasskey,
  type PasskeyItem,
  passkeyObstacle,
  passkeysQuery,
  removePasskey,
  renamePasskey,
} from '../../api/passkeys.ts';
import { ApiError } from '../../api/problem.ts';
import { Button } from '../../components/button.tsx';
import { Form } from '../../components/form.tsx';
import { Panel } from '../../components/panel.tsx';
import { PasskeyObstacleNote } from '../../components/passkey-obstacle.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { When } from '../../components/when.tsx';

type Doing = { what: 'add' } | { what: 'rename' | 'remove'; passkey: PasskeyItem } | null;

/** The passkeys of the person: add, name, remove. */
export function Passkeys() {
  const known = useQuery(passkeysQuery);
  const [doing, setDoing] = useState<Doing>(null);
  const obstacle = passkeyObstacle();
  return (
    <Panel
      title="Passkeys"
      flush
      actions={obstacle === null ? <Button onClick={() => setDoing({ what: 'add' })}>Add a passkey</Button> : undefined}
    >
      <QueryView query={known} what="your passkeys" rows={3}>
        {(items) => (
          <>
            <p className="access-empty quiet">
              {items.length === 0
                ? 'None yet. A passkey signs you in by a finger, a face or a PIN; from the first one on the password alone does not.'
                : 'They sign you in without a password, and are asked for after it.'}
              {obstacle !== null && ' '}
              <PasskeyObstacleNote obstacle={obstacle} />
            </p>
            <ul className="access-list">
              {items.map((passkey) => (
                <Row key={passkey.id} passkey={passkey} open={(what) => setDoing({ what, passkey })} />
              ))}
            </ul>
          </>
        )}
      </QueryView>
      {doing !== null && <Change doing={doing} close={() => setDoing(null)} />}
    </Panel>
  );
}

const nameOf = ({ name }: PasskeyItem) => (name === null || name === '' ? 'Unnamed passkey' : name);

function Row({ passkey, open }: { passkey: PasskeyItem; open(what: 'rename' | 'remove'): void }) {
  return (
    <li>
      <span className="access-what">
        <strong>{nameOf(passkey)}</strong>
        <span className="quiet">
          {passkey.deviceType === 'multiDevice' ? 'in a password manager' : 'on one device'}, added{' '}
          <When at={passkey.createdAt} />
        </span>
      </span>
      <span className="access-verbs">
        <Button aria-label={`Rename ${nameOf(passkey)}`} onClick={() => open('rename')}>
          Rename
        </Button>
        <Button aria-label={`Remove ${nameOf(passkey)}`} onClick={() => open('remove')}>
          Remove
        </Button>
      </span>
    </li>
  );
}

const TITLES = { add: 'Add a passkey', rename: 'Rename the passkey', remove: 'Remove the passkey' };
const VERBS = { add: 'Go on in the browser', rename: 'Rename', remove: 'Remove' };

function Change({ doing, close }: { doing: NonNullable<Doing>; close(): void }) {
  const queryClient = useQueryClient();
  const change = useMutation({
    mutationFn: async (name: string) => {
      if (doing.what === 'add') await addPasskey(name);
      else if (doing.what === 'rename') await renamePasskey({ id: doing.passkey.id, name });
      else await removePasskey(doing.passkey.id);
    },
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: passkeysQuery.queryKey });
      close();
    },
  });
  return (
    <Form
      title={TITLES[doing.what]}
      verb={VERBS[doing.what]}
      error={withStale(change.error)}
      busy={change.isPending}
      submit={(data) => change.mutate(String(data.get('name') ?? '').trim())}
      close={close}
    >
      {doing.what === 'remove' ? (
        <p>
          {nameOf(doing.passkey)} no longer signs you in. Remove it from the device or password manager too, which this
          page cannot do.
        </p>
      ) : (
        <label className="field">
          <span className="field-label">Name, such as the device it is on</span>
          <input
            className="input"
            name="name"
            required
            maxLength={60}
            defaultValue={doing.what === 'rename' ? (doing.passkey.name ?? '') : ''}
          />
        </label>
      )}
    </Form>
  );
}

/** A new way in is added only soon after signing in; the server's sentence does not say what to do. */
function withStale(error: Error | null): Error | null {
  if (!(error instanceof ApiError) || error.code !== 'session_not_fresh') return error;
  return new ApiError({
    ...{ status: error.status, code: error.code, message: 'You signed in more than a day ago' },
    hint: 'Sign out and in again, then add the passkey.',
  });
}
