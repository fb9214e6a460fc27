import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { SessionStatus } from '@yumops/protocol';
import { useId, useState } from 'react';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Modal } from '../../components/modal.tsx';
import { Failure } from '../../components/notice.tsx';
import { pathOf } from './database-queries.ts';
import '../../components/field.css';

export interface EndSessionProps {
  database: string;
  session: SessionStatus;
  close(): void;
}

/** Asks before a statement or a session is ended, and says what that means. */
export function EndSession({ database, session, close }: EndSessionProps) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const [reason, setReason] = useState('');
  const id = useId();
  const end = useMutation({
    mutationFn: (signal: 'cancel' | 'terminate') =>
      post(pathOf(database, `activity/${session.pid}/${signal}`), { since: session.since, reason }),
    onSuccess: close,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['databases', database, 'activity'] }),
  });
  const may = { cancel: me !== undefined && me.role !== 'viewer', terminate: me?.role === 'admin' };
  return (
    <Modal label={`End session ${session.pid}`} close={close}>
      <div className="end-session">
        <h2>Session {session.pid}</h2>
        <p>
          {session.application ?? 'A client'}
          {session.user !== null && ` as ${session.user}`}
          {session.client !== null && ` from ${session.client}`}
        </p>
        {session.query !== null && <code className="end-session-query">{session.query}</code>}
        <label className="field" htmlFor={id}>
          <span className="field-label">Why (goes to the audit log)</span>
          <input id={id} className="input" value={reason} onChange={(event) => setReason(event.target.value)} />
        </label>
        <p className="quiet">
          Cancel ends the statement; the transaction fails, the session stays. Terminate ends the session, its
          transaction is rolled back and the client loses its connection.
        </p>
        {end.error !== null && <Failure error={end.error} />}
        <div className="database-actions">
          <Button look="primary" disabled={!may.cancel || end.isPending} onClick={() => end.mutate('cancel')}>
            Cancel the statement
          </Button>
          <Button disabled={!may.terminate || end.isPending} onClick={() => end.mutate('terminate')}>
            Terminate the session
          </Button>
          <Button look="quiet" onClick={close}>
            Leave it
          </Button>
        </div>
        {me !== undefined && !may.terminate && (
          <p className="quiet">{may.cancel ? 'Only an admin may terminate a session.' : 'Your role may only look.'}</p>
        )}
      </div>
    </Modal>
  );
}
