import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { InboxMessage } from '@yumops/protocol';
import { inboxQuery } from '../../api/queries.ts';
import { Choice } from '../../components/choice.tsx';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';
import { Message, MessageList } from './message-list.tsx';
import './inbox.css';

const route = getRouteApi('/console/inbox');
const CHANNELS = [
  { value: 'all', label: 'All' },
  { value: 'slack', label: 'Slack' },
  { value: 'email', label: 'E-mail' },
  { value: 'webhook', label: 'Webhook' },
] as const;

/** What the local receivers of the example took in: nothing here ever left this machine. */
export function InboxPage() {
  const { channel = 'all' } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery({ ...inboxQuery, refetchInterval: useLiveInterval() });
  const chosen = CHANNELS.find(({ value }) => value === channel)?.value ?? 'all';
  return (
    <Page
      title="Inbox"
      note={<State tone="info" look="badge" word="demo inbox" />}
      actions={
        <Choice
          label="Channel"
          bare
          value={chosen}
          options={CHANNELS}
          onChange={(value) => void navigate({ search: value === 'all' ? {} : { channel: value } })}
        />
      }
    >
      <p className="quiet">
        The receivers of the example run here, in place of Slack, a mail server and a webhook. No message leaves this
        machine.
      </p>
      <QueryView query={query} what="the messages" rows={6}>
        {({ items }) => <Messages items={chosen === 'all' ? items : items.filter((item) => item.channel === chosen)} />}
      </QueryView>
    </Page>
  );
}

function Messages({ items }: { items: readonly InboxMessage[] }) {
  const { message } = route.useSearch();
  const shown = items.find(({ id }) => id === message) ?? items[0];
  if (shown === undefined) {
    return (
      <Empty title="No messages yet">
        Alerts arrive here as Slack messages, e-mails and webhooks. Flip “5xx burst” in the example to get one within
        two minutes.
      </Empty>
    );
  }
  return (
    <div className="inbox">
      <MessageList items={items} shown={shown.id} />
      <Message message={shown} />
    </div>
  );
}
