import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { OnCallPerson } from '@yumops/protocol';
import { meQuery, onCallPeopleQuery } from '../../../api/queries.ts';
import { Command } from '../../../components/command.tsx';
import { Empty } from '../../../components/notice.tsx';
import { Panel } from '../../../components/panel.tsx';
import { QueryView } from '../../../components/query-view.tsx';
import { AddForm } from './add-form.tsx';
import { methodKey, useContactForms } from './changes.ts';
import { ConfirmForm } from './confirm-form.tsx';
import { Methods } from './methods.tsx';
import { Rules } from './rules.tsx';
import './contact.css';

const route = getRouteApi('/console/settings');

/** How the signed-in person is reached when on call: addresses, and in which order they are told. */
export function Contact() {
  const people = useQuery(onCallPeopleQuery);
  return (
    <QueryView query={people} what="how you are reached" rows={8}>
      {({ items }) => {
        const me = items.find(({ mine }) => mine);
        return me === undefined ? <Nobody /> : <Mine person={me} />;
      }}
    </QueryView>
  );
}

function Mine({ person }: { person: OnCallPerson }) {
  const { do: doing, method: key } = route.useSearch();
  const { close } = useContactForms();
  const method = person.methods.find((one) => methodKey(one) === key);
  return (
    <div className="contact">
      <Methods person={person} />
      <Rules person={person} />
      {doing === 'address' && <AddForm person={person.name} />}
      {doing === 'confirm' && method !== undefined && <ConfirmForm key={key} method={method} close={close} />}
    </div>
  );
}

/** An account that belongs to no person of the configuration. */
function Nobody() {
  const email = useQuery(meQuery).data?.email ?? 'you@example.com';
  return (
    <Panel title="My contact methods">
      <Empty title="You are not among the people who can be put on call">
        <p>Somebody who edits the configuration adds you, with the e-mail address of your account:</p>
        <Command line={`people: [{name: ${email.split('@')[0]}, email: ${email}}]`} what="lines" />
        <p>From then on you say here by which addresses you are reached, and in which order.</p>
      </Empty>
    </Panel>
  );
}
