import { useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { ApiError } from '../../api/problem.ts';
import { signIn, signInOnce } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Mark } from '../../components/mark.tsx';
import { useTitle } from '../../components/page.tsx';
import './sign-in.css';

/** The way in: e-mail and password, or a login link that works once. */
export function SignInPage() {
  useTitle('Sign in');
  const enter = useEnter();
  const link = useLoginLink(enter.run);
  return (
    <main className="sign-in">
      <div className="sign-in-box">
        <Mark />
        <h1>Sign in to YumOps</h1>
        {enter.problem !== null && (
          <p className="sign-in-problem" role="alert">
            <Icon name="bad" />
            {enter.problem}
          </p>
        )}
        {link && enter.busy ? (
          <p role="status">Signing in with the link…</p>
        ) : (
          <PasswordForm busy={enter.busy} submit={(email, password) => enter.run(() => signIn(email, password))} />
        )}
        <p className="quiet sign-in-help">No password yet? The login link that is printed at the start works once.</p>
      </div>
    </main>
  );
}

function PasswordForm({ busy, submit }: { busy: boolean; submit(email: string, password: string): void }) {
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    submit(String(form.get('email') ?? ''), String(form.get('password') ?? ''));
  };
  return (
    <form className="sign-in-form" onSubmit={onSubmit}>
      <label className="field">
        <span className="field-label">E-mail</span>
        <input className="input" name="email" type="email" autoComplete="username" required />
      </label>
      <label className="field">
        <span className="field-label">Password</span>
        <input className="input" name="password" type="password" autoComplete="current-password" required />
      </label>
      <Button type="submit" look="primary" disabled={busy}>
        {busy ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  );
}

interface Enter {
  busy: boolean;
  problem: string | null;
  run(attempt: () => Promise<unknown>): void;
}

/** Tries to get a session, then goes where the person wanted to be. */
function useEnter(): Enter {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const router = useRouter();
  const queryClient = useQueryClient();
  const wanted = useSearch({ from: '/sign-in' }).return ?? '/';
  const run = async (attempt: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    try {
      await attempt();
      queryClient.clear();
      router.history.replace(ownPath(wanted));
    } catch (error) {
      setProblem(refusal(error));
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, run: (attempt) => void run(attempt) };
}

/** Only paths of this console: a foreign address in the link must not be followed. */
function ownPath(wanted: string): string {
  return /^\/(?![/\\])/.test(wanted) ? wanted : '/';
}

function refusal(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 429) return 'Too many attempts. Wait a minute, then try again.';
  return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
}

/** Uses the token of `/sign-in#token=…` once and takes it out of the address. */
function useLoginLink(run: Enter['run']): boolean {
  const [token] = useState(() => new URLSearchParams(window.location.hash.slice(1)).get('token'));
  const used = useRef(false);
  useEffect(() => {
    if (token === null || used.current) return;
    used.current = true;
    window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
    run(() => signInOnce(token));
  }, [token, run]);
  return token !== null;
}
