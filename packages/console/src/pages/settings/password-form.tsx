import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { meQuery } from '../../api/queries.ts';
import { changePassword, hasPasswordQuery, setPassword } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';

/** Changes the password, or sets the first one after a login link. */
export function Password() {
  const known = useQuery(hasPasswordQuery);
  return (
    <Panel title="Password">
      <QueryView query={known} what="the ways to sign in" rows={3}>
        {(hasPassword) => <PasswordForm hasPassword={hasPassword} />}
      </QueryView>
    </Panel>
  );
}

interface Passwords {
  current: string;
  next: string;
}

function PasswordForm({ hasPassword }: { hasPassword: boolean }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const save = useMutation({
    mutationFn: ({ current, next }: Passwords) => (hasPassword ? changePassword(current, next) : setPassword(next)),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: hasPasswordQuery.queryKey }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    const passwords = { current: String(data.get('current') ?? ''), next: String(data.get('next') ?? '') };
    save.mutate(passwords, { onSuccess: () => form.reset() });
  };
  return (
    <form className="password-form" onSubmit={submit}>
      <input hidden readOnly autoComplete="username" value={me?.email ?? ''} />
      {hasPassword ? (
        <label className="field">
          <span className="field-label">Current password</span>
          <input className="input" name="current" type="password" autoComplete="current-password" required />
        </label>
      ) : (
        <p>You came by a login link, which works once. Set a password to be able to sign in again.</p>
      )}
      <label className="field">
        <span className="field-label">New password, at least 12 characters</span>
        <input className="input" name="next" type="password" autoComplete="new-password" minLength={12} required />
      </label>
      <div className="password-actions">
        <Button type="submit" look="primary" disabled={save.isPending}>
          {hasPassword ? 'Change the password' : 'Set the password'}
        </Button>
        <span role="status">
          {save.isSuccess && <State tone="ok" word="Saved" />}
          {save.error !== null && <State tone="bad" word={save.error.message} />}
        </span>
      </div>
    </form>
  );
}
