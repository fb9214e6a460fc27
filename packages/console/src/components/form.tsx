import type { FormEvent, ReactNode } from 'react';
import { Button } from './button.tsx';
import { Modal } from './modal.tsx';
import { RefusedNote } from './refused-note.tsx';
import './form.css';

export interface FormProps {
  title: string;
  /** The verb on the button. */
  verb: string;
  error: unknown;
  busy: boolean;
  ready?: boolean;
  submit(data: FormData): void;
  close(): void;
  children: ReactNode;
}

/** A change in a box over the page: fields, the verb, and what the server says against it. */
export function Form({ title, verb, error, busy, ready = true, submit, close, children }: FormProps) {
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!busy) submit(new FormData(event.currentTarget));
  };
  return (
    <Modal label={title} close={close}>
      <form className="change" onSubmit={send}>
        <h2>{title}</h2>
        {children}
        <RefusedNote error={error} />
        <div className="change-actions">
          {/* A disabled button would lose the focus, and with it the Escape key. */}
          <Button type="submit" look="primary" aria-disabled={busy} disabled={!ready}>
            {verb}
          </Button>
          <Button onClick={close}>Cancel</Button>
        </div>
      </form>
    </Modal>
  );
}
