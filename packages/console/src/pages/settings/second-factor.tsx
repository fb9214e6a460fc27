import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { encode } from 'uqr';
import { beginSecondFactor, confirmSecondFactor, endSecondFactor, secondFactorQuery } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { State } from '../../components/state.tsx';

/** Switches a second factor on and off. */
export function SecondFactor() {
  const known = useQuery(secondFactorQuery);
  return (
    <Panel title="Second factor">
      <QueryView query={known} what="the second factor" rows={3}>
        {(on) => (on ? <SwitchOff /> : <SwitchOn />)}
      </QueryView>
    </Panel>
  );
}

interface StepProps {
  label: string;
  verb: string;
  kind: 'password' | 'code';
  error: unknown;
  busy: boolean;
  submit(text: string): void;
  children?: ReactNode;
}

function Step({ label, verb, kind, error, busy, submit, children }: StepProps) {
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    submit(String(new FormData(form).get('text') ?? '').trim());
    form.reset();
  };
  const complete = kind === 'password' ? 'current-password' : 'one-time-code';
  return (
    <form className="password-form" onSubmit={send}>
      {children}
      <label className="field">
        <span className="field-label">{label}</span>
        <input
          className="input"
          name="text"
          type={kind === 'password' ? 'password' : 'text'}
          autoComplete={complete}
          required
        />
      </label>
      <div className="password-actions">
        <Button type="submit" look="primary" disabled={busy}>
          {verb}
        </Button>
        <RefusedNote error={error} />
      </div>
    </form>
  );
}

function SwitchOn() {
  const queryClient = useQueryClient();
  const begin = useMutation({ mutationFn: beginSecondFactor });
  const confirm = useMutation({
    mutationFn: confirmSecondFactor,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: secondFactorQuery.queryKey }),
  });
  if (begin.data === undefined) {
    return (
      <Step
        label="Password"
        verb="Set up an app"
        kind="password"
        error={begin.error}
        busy={begin.isPending}
        submit={begin.mutate}
      >
        <p>
          An app on your phone shows six digits that change every half minute. Who has your password alone does not get
          in.
        </p>
      </Step>
    );
  }
  const { totpURI, backupCodes } = begin.data;
  return (
    <Step
      label="Six digits of the app"
      verb="Switch it on"
      kind="code"
      error={confirm.error}
      busy={confirm.isPending}
      submit={confirm.mutate}
    >
      <p>
        Scan this with the app, keep the recovery codes where you find them without the phone, then prove that it works.
      </p>
      <QrCode text={totpURI} />
      <p className="quiet">
        Key to type in: <code>{new URL(totpURI).searchParams.get('secret')}</code>
      </p>
      <RecoveryCodes codes={backupCodes} />
    </Step>
  );
}

/** Dark on light in either theme: that is what cameras expect. */
function QrCode({ text }: { text: string }) {
  const [{ data, size }] = useState(() => encode(text, { ecc: 'M', border: 2 }));
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return (
    <svg className="qr-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label="Code for the camera of the app">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

function RecoveryCodes({ codes }: { codes: string[] }) {
  return (
    <div className="recovery-codes">
      <ul>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <CopyButton text={codes.join('\n')} label="Copy the recovery codes" look="word" />
    </div>
  );
}

function SwitchOff() {
  const queryClient = useQueryClient();
  const end = useMutation({
    mutationFn: endSecondFactor,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: secondFactorQuery.queryKey }),
  });
  return (
    <Step
      label="Password"
      verb="Switch it off"
      kind="password"
      error={end.error}
      busy={end.isPending}
      submit={end.mutate}
    >
      <State tone="ok" word="On: a code is asked for at each sign-in" />
    </Step>
  );
}
