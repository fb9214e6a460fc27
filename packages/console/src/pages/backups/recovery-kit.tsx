import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { BackupPlan } from '@yumops/protocol';
import { type FormEvent, useState } from 'react';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { Failure } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import '../../components/field.css';

/** Characters of the key that are asked for. */
const PROOF = 8;

/** Asks for the recovery kit to be put away, and for a sign that it was. */
export function RecoveryKit({ plan }: { plan: BackupPlan }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const [proof, setProof] = useState('');
  const confirm = useMutation({
    mutationFn: () => post('/api/v1/backups/kit', { name: plan.name, proof: proof.trim() }),
    onSuccess: () => queryClient.invalidateQueries({ predicate: ({ queryKey: [first] }) => first === 'backups' }),
  });
  const allowed = me?.role === 'admin';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <Panel title="Keep the recovery kit" of={plan.name} note="needed once for each key">
      <div className="backup-kit">
        <ol className="backup-steps">
          <li>
            Print the kit where YumOps is, and put it away from that machine: on paper, or in a password manager. The
            key in it is all that opens the backups.
            <Command line={`yumops backup key kit ${/^[\w-]+$/.test(plan.name) ? plan.name : `'${plan.name}'`}`} />
          </li>
          <li>
            Fetch it from there, and type the last {PROOF} characters of its key. The key itself never passes through a
            browser.
          </li>
        </ol>
        <form className="backup-actions" onSubmit={submit}>
          <label className="field">
            <span className="field-label">Last {PROOF} characters of the key</span>
            <input
              className="input"
              autoComplete="off"
              spellCheck={false}
              maxLength={PROOF}
              value={proof}
              onChange={(event) => setProof(event.target.value)}
            />
          </label>
          <Button type="submit" look="primary" disabled={!allowed || proof.trim().length < PROOF || confirm.isPending}>
            I keep the kit
          </Button>
          {!allowed && me !== undefined && <span className="quiet">An administrator confirms it.</span>}
        </form>
        <div role="status">{confirm.error && <Failure error={confirm.error} />}</div>
      </div>
    </Panel>
  );
}
