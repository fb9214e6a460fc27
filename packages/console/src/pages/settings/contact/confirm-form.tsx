import type { ContactMethod, SentCode } from '@yumops/protocol';
import { useState } from 'react';
import { post } from '../../../api/client.ts';
import { Button } from '../../../components/button.tsx';
import { Form } from '../../../components/form.tsx';
import { RefusedNote } from '../../../components/refused-note.tsx';
import { useContactChange } from './changes.ts';
import { CHANNEL_NAMES } from './channels.ts';
import { Sent } from './methods.tsx';

interface ConfirmFormProps {
  method: ContactMethod;
  close(): void;
}

/** Sends a code to an address and takes it back: whoever reads the address has it. */
export function ConfirmForm({ method, close }: ConfirmFormProps) {
  const { person, channel, address } = method;
  const [id, setId] = useState(method.id);
  const send = useContactChange(async () => {
    // An address of the configuration has no record of its own yet.
    const known = id ?? (await post<ContactMethod>('/api/v1/oncall/contact-methods', { person, channel, address })).id;
    setId(known);
    return post<SentCode>(`/api/v1/oncall/contact-methods/${known}/code`, {});
  });
  const confirm = useContactChange((code: string) =>
    post<ContactMethod>(`/api/v1/oncall/contact-methods/${id}/confirm`, { code }),
  );
  const isSent = send.data?.outcome === 'sent';
  return (
    <Form
      title={`Confirm ${address}`}
      verb={isSent ? 'Confirm' : 'Send the code'}
      error={isSent ? confirm.error : send.error}
      busy={send.isPending || confirm.isPending}
      submit={(data) => {
        if (isSent) confirm.mutate(String(data.get('code')).trim(), { onSuccess: close });
        else send.mutate(undefined);
      }}
      close={close}
    >
      {isSent ? (
        <>
          <label className="field">
            <span className="field-label">The six digits that arrived</span>
            <input
              className="input"
              name="code"
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={12}
              required
            />
          </label>
          <p className="form-help">A code is good for 10 minutes and 5 tries.</p>
          <div className="contact-again">
            <Button disabled={send.isPending} onClick={() => send.mutate(undefined)}>
              Send another code
            </Button>
            <RefusedNote error={send.error} />
          </div>
        </>
      ) : (
        <p>
          {channel === 'phone_call'
            ? 'You are called, and a voice says six digits.'
            : `Six digits go to you by ${CHANNEL_NAMES[channel]}.`}
        </p>
      )}
      <Sent report={isSent ? undefined : send.data} />
    </Form>
  );
}
