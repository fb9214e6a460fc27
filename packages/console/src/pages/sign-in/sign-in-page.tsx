import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { passkeyObstacle, signInWithPasskey } from '../../api/passkeys.ts';
import { ApiError } from '../../api/problem.ts';
import { type NextStep, providersQuery, signIn, signInAt, signInOnce, signInWithCode } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Mark } from '../../components/mark.tsx';
import { useTitle } from '../../components/page.tsx';
import { PasskeyObstacleNote } from '../../components/passkey-obstacle.tsx';
import './sign-in.css';

/** The way in: a passkey, e-mail and password, or a login link that works once. */
export function SignInPage() {
  useTitle('Sign in');
  const enter = useEnter();
  const link = useLoginLink(enter.run);
  const [step, setStep] = useState<NextStep>(null);
  const begin = (email: string, password: string) =>
    enter.run(async () => {
      const next = await signIn(email, password);
      setStep(next);
      return next === null;
    });
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
          <>
            {step === null && <PasswordForm busy={enter.busy} submit={begin} />}
            {step === 'code' && <CodeForm busy={enter.busy} submit={(code) => enter.run(() => signInWithCode(code))} />}
            <Passkey enter={enter} wanted={step === 'passkey'} />
          </>
        )}
        {step === null && <Providers enter={enter} />}
        <p className="quiet sign-in-help">{HELP[step ?? 'password']}</p>
      </div>
    </main>
  );
}

const HELP = {
  password: 'No password yet? The login link that is printed at the start works once.',
  code: 'Lost the app? A recovery code works in its place, once.',
  passkey: 'Lost it? An administrator can make you a login link: yumops user link.',
};

/** @param wanted it must follow the password */
function Passkey({ enter, wanted }: { enter: Enter; wanted: boolean }) {
  const obstacle = passkeyObstacle();
  if (obstacle !== null) {
    if (!wanted) return null;
    return (
      <p role="status">
        The password was right. Your passkey is wanted too. <PasskeyObstacleNote obstacle={obstacle} />
      </p>
    );
  }
  return (
    <div className="sign-in-form">
      {wanted && <p role="status">The password was right. Your passkey is wanted too.</p>}
      <Button
        look={wanted ? 'primary' : 'normal'}
        icon="key"
        disabled={enter.busy}
        onClick={() => enter.run(signInWithPasskey)}
      >
        {wanted ? 'Use your passkey' : 'Sign in with a passkey'}
      </Button>
    </div>
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

/** Six digits of an app, or a recovery code. */
function CodeForm({ busy, submit }: { busy: boolean; submit(code: string): void }) {
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    submit(String(new FormData(event.currentTarget).get('code') ?? '').trim());
  };
  return (
    <form className="sign-in-form" onSubmit={onSubmit}>
      <label className="field">
        <span className="field-label">Code of your app, or a recovery code</span>
        {/* biome-ignore lint/a11y/noAutofocus: the page just asked for it, in answer to the person's own step */}
        <input className="input" name="code" autoComplete="one-time-code" autoFocus required maxLength={40} />
      </label>
      <Button type="submit" look="primary" disabled={busy}>
        {busy ? 'Checking…' : 'Go on'}
      </Button>
    </form>
  );
}

/** Other accounts that sign in here. */
function Providers({ enter }: { enter: Enter }) {
  const providers = useQuery(providersQuery).data?.providers ?? [];
  if (providers.length === 0) return null;
  const goTo = (id: string) =>
    enter.run(async () => {
      window.location.assign(await signInAt(id, enter.wanted));
      return false;
    });
  return (
    <div className="sign-in-form">
      {providers.map(({ id, name }) => (
        <Button key={id} disabled={enter.busy} onClick={() => goTo(id)}>
          Sign in with {name}
        </Button>
      ))}
    </div>
  );
}

/** Why a provider's account was not let in, by the parameter `refused`. */
const REFUSALS: Record<string, string> = {
  domain: 'That account has no address of this company, so it gets no account here.',
  unverified: 'The provider has not verified the address of that account.',
  provider: 'The provider did not sign you in.',
};

interface Enter {
  /** The path to which the person wanted to go. */
  wanted: string;
  busy: boolean;
  problem: string | null;
  run(attempt: () => Promise<unknown>): void;
}

/** Tries to get a session, then goes where the person wanted to be; an attempt that gives false has a further step. */
function useEnter(): Enter {
  const [busy, setBusy] = useState(false);
  const { return: asked, refused } = useSearch({ from: '/sign-in' });
  const [problem, setProblem] = useState<string | null>(REFUSALS[refused ?? ''] ?? null);
  const router = useRouter();
  const queryClient = useQueryClient();
  const wanted = ownPath(asked ?? '/');
  const run = async (attempt: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    try {
      if ((await attempt()) === false) return;
      queryClient.clear();
      router.history.replace(wanted);
    } catch (error) {
      setProblem(refusal(error));
    } finally {
      setBusy(false);
    }
  };
  return { wanted, busy, problem, run: (attempt) => void run(attempt) };
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
