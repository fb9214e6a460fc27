import { getRouteApi } from '@tanstack/react-router';
import type { InboxMessage } from '@yumops/protocol';
import { Icon } from '../../components/icon.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Instant, When } from '../../components/when.tsx';

const route = getRouteApi('/console/inbox');

const CHANNEL_NAMES: Record<InboxMessage['channel'], string> = { slack: 'Slack', email: 'E-mail', webhook: 'Webhook' };

export function MessageList({ items, shown }: { items: readonly InboxMessage[]; shown: string }) {
  const list = useListKeys<HTMLUListElement>();
  return (
    <ul className="inbox-list" ref={list} aria-label="Messages">
      {items.map((item) => (
        <li key={item.id}>
          <route.Link
            data-row
            to="."
            search={(old) => ({ ...old, message: item.id })}
            className="inbox-item"
            data-current={item.id === shown}
          >
            <Icon name={item.channel} />
            <span className="inbox-title truncate">{item.title}</span>
            <span className="inbox-to truncate quiet">
              <span className="visually-hidden">{CHANNEL_NAMES[item.channel]} to </span>
              {item.to}
            </span>
            <span className="inbox-when quiet">
              <When at={item.receivedAt} />
            </span>
          </route.Link>
        </li>
      ))}
    </ul>
  );
}

/** One message as its receiver got it. */
export function Message({ message }: { message: InboxMessage }) {
  return (
    <article className="message" aria-label={message.title}>
      <header className="message-head">
        <h2>{message.title}</h2>
        <dl className="facts">
          <dt>Channel</dt>
          <dd>{CHANNEL_NAMES[message.channel]}</dd>
          <dt>To</dt>
          <dd>{message.to}</dd>
          <dt>Received</dt>
          <dd>
            <Instant at={message.receivedAt} />
          </dd>
        </dl>
      </header>
      <pre className="message-text">{message.text}</pre>
    </article>
  );
}
