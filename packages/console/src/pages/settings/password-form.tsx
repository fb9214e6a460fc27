import { type FormEvent, useState } from 'react';
import { changePassword } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { State } from '../../components/state.tsx';

type Outcome = { kind: 'idle' } | { kind: 'busy' } | { kind: 'done' } | { kind: 'refused'; message: string };

/** Sets a new password and signs out every other session of the person. */
export function PasswordForm() {
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'idle' });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    setOutcome({ kind: 'busy' });
    changePassword(String(data.get('current')), String(data.get('next'))).then(
      () => {
        form.reset();
        setOutcome({ kind: 'done' });
      },
      (error: unknown) =>
        setOutcome({ kind: 'refused', message: error instanceof Error ? error.message : String(error) }),
    );
  };
  return (
    <form className="password-form" onSubmit={submit}>
      <label className="field">
        <span className="field-label">Current password</span>
        <input className="input" name="current" type="password" autoComplete="current-password" required />
      </label>
      <label className="field">
        <span className="field-label">New password, at least 12 characters</span>
        <input className="input" name="next" type="password" autoComplete="new-password" minLength={12} required />
      </label>
      <div className="password-actions">
        <Button type="submit" look="primary" disabled={outcome.kind === 'busy'}>
          Change the password
        </Button>
        <span role="status">
          {outcome.kind === 'done' && <State tone="ok" word="Changed. Other sessions are signed out." />}
          {outcome.kind === 'refused' && <State tone="bad" word={outcome.message} />}
        </span>
      </div>
    </form>
  );
}
