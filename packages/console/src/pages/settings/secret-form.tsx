import type { UseMutationResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Form } from '../../components/form.tsx';
import { SecretOnce } from './secret-once.tsx';

interface SecretFormProps<Wish> {
  title: string;
  /** What is made, in a word. */
  what: string;
  make: UseMutationResult<{ secret: string }, Error, Wish>;
  wishOf(data: FormData): Wish;
  close(): void;
  /** Fields beside what it is for. */
  children: ReactNode;
}

/** Asks what a secret is for, makes it, and shows it once. */
export function SecretForm<Wish>({ title, what, make, wishOf, close, children }: SecretFormProps<Wish>) {
  const made = make.data;
  return (
    <Form
      title={title}
      verb={made === undefined ? 'Make it' : 'Done'}
      error={make.error}
      busy={make.isPending}
      submit={(data) => (made === undefined ? make.mutate(wishOf(data)) : close())}
      close={close}
    >
      {made === undefined ? (
        <>
          <label className="field">
            <span className="field-label">What it is for</span>
            <input className="input" name="name" required maxLength={100} />
          </label>
          {children}
        </>
      ) : (
        <SecretOnce secret={made.secret} what={what} />
      )}
    </Form>
  );
}
