import type { ContactMethod, OnCallPerson, SentCode } from '@yumops/protocol';
import { useState } from 'react';
import { post, remove } from '../../../api/client.ts';
import { Button } from '../../../components/button.tsx';
import { Form } from '../../../components/form.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Empty } from '../../../components/notice.tsx';
import { Panel } from '../../../components/panel.tsx';
import { RefusedNote } from '../../../components/refused-note.tsx';
import { State } from '../../../components/state.tsx';
import { methodKey, useContactChange, useContactForms } from './changes.ts';
import { CHANNEL_ICONS, CHANNEL_NAMES } from './channels.ts';

/** The addresses of a person; nothing is sent to one that is not confirmed. */
export function Methods({ person }: { person: OnCallPerson }) {
  const { add } = useContactForms();
  return (
    <Panel
      title="My contact methods"
      flush
      actions={
        <Button icon="add" onClick={add}>
          Add an address
        </Button>
      }
    >
      {person.methods.length === 0 ? (
        <Empty title="No address yet">When it is your turn, nobody can tell you. Add an address.</Empty>
      ) : (
        <ul className="access-list">
          {person.methods.map((method) => (
            <Method key={methodKey(method)} method={method} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Method({ method }: { method: ContactMethod }) {
  const { channel, address, fromConfiguration } = method;
  const name = `${CHANNEL_NAMES[channel]} ${address}`;
  return (
    <li className="contact-method">
      <Icon name={CHANNEL_ICONS[channel]} />
      <span className="access-what">
        <strong>{address}</strong>
        <span className="quiet">
          {CHANNEL_NAMES[channel]}
          {fromConfiguration && ', from the configuration'}
        </span>
        <Standing method={method} />
      </span>
      <Actions method={method} name={name} />
    </li>
  );
}

function Standing({ method: { broken, confirmed } }: { method: ContactMethod }) {
  if (broken !== null) return <State tone="bad" word={`Cannot be told: ${broken}`} />;
  return confirmed ? (
    <State tone="ok" word="Works" />
  ) : (
    <State tone="warn" word="Not confirmed: nothing is sent there" />
  );
}

function Actions({ method, name }: { method: ContactMethod; name: string }) {
  const [asking, setAsking] = useState(false);
  const { confirm } = useContactForms();
  const { person, id, channel, address, broken, confirmed, fromConfiguration } = method;
  const test = useContactChange(() =>
    post<SentCode>(`/api/v1/oncall/people/${encodeURIComponent(person)}/test`, { channel, address }),
  );
  const end = useContactChange(() => remove(`/api/v1/oncall/contact-methods/${id}`));
  return (
    <span className="contact-actions">
      {broken === null && !confirmed && (
        <Button look="primary" aria-label={`Confirm ${name}`} onClick={() => confirm(method)}>
          Confirm
        </Button>
      )}
      {broken === null && confirmed && (
        <Button aria-label={`Send a test to ${name}`} disabled={test.isPending} onClick={() => test.mutate(undefined)}>
          {test.isPending ? 'Sending…' : 'Send a test'}
        </Button>
      )}
      {id !== null && !fromConfiguration && (
        <Button icon="remove" aria-label={`Remove ${name}`} onClick={() => setAsking(true)}>
          Remove
        </Button>
      )}
      <Sent report={test.data} />
      <RefusedNote error={test.error} />
      {asking && (
        <Form
          title={`Remove ${address}`}
          verb="Remove the address"
          error={end.error}
          busy={end.isPending}
          submit={() => end.mutate(undefined, { onSuccess: () => setAsking(false) })}
          close={() => setAsking(false)}
        >
          <p>Nothing is sent there any more. Rules that name {CHANNEL_NAMES[channel]} use what is left of that kind.</p>
        </Form>
      )}
    </span>
  );
}

/** How a message fared that was just sent. */
export function Sent({ report }: { report: SentCode | undefined }) {
  if (report === undefined) return null;
  const taken = report.outcome === 'sent';
  return (
    <span role="status" className="contact-sent">
      <State tone={taken ? 'ok' : 'bad'} word={taken ? 'It is on its way' : `It was not taken: ${report.answer}`} />
    </span>
  );
}
