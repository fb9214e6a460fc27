import type { ContactMethod } from '@yumops/protocol';
import { useState } from 'react';
import { post } from '../../../api/client.ts';
import { Choice } from '../../../components/choice.tsx';
import { Form } from '../../../components/form.tsx';
import { useContactChange, useContactForms } from './changes.ts';
import { CHANNEL_NAMES, CHANNELS, type ContactChannel, EXAMPLES } from './channels.ts';

/** Adds an address, and goes on to its confirmation. */
export function AddForm({ person }: { person: string }) {
  const { close, confirm } = useContactForms();
  const [channel, setChannel] = useState<ContactChannel>('sms');
  const add = useContactChange((address: string) =>
    post<ContactMethod>('/api/v1/oncall/contact-methods', { person, channel, address }),
  );
  return (
    <Form
      title="Add an address"
      verb="Add"
      error={add.error}
      busy={add.isPending}
      submit={(data) =>
        add.mutate(String(data.get('address')).trim(), {
          onSuccess: (method) => (method.confirmed ? close() : confirm(method)),
        })
      }
      close={close}
    >
      <Choice<ContactChannel>
        label="By"
        value={channel}
        options={CHANNELS.map((value) => ({ value, label: CHANNEL_NAMES[value] }))}
        onChange={setChannel}
      />
      <label className="field">
        <span className="field-label">{channel === 'ntfy' ? 'Topic' : 'Address'}</span>
        <input
          className="input"
          name="address"
          type={channel === 'email' ? 'email' : channel === 'ntfy' ? 'text' : 'tel'}
          placeholder={EXAMPLES[channel]}
          required
        />
      </label>
      <p className="form-help">A code goes there next. Nothing else is sent before you have confirmed it.</p>
    </Form>
  );
}
