import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { IncidentDetail, IncidentEvent, IncidentEventKind } from '@yumops/protocol';
import { type FormEvent, useState } from 'react';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { HrefLink } from '../../components/href-link.tsx';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/panel.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { Instant } from '../../components/when.tsx';
import { EVENT_ICONS } from './incident-look.ts';
import { readAgain } from './incident-queries.ts';

const route = getRouteApi('/console/incidents/$id');

/** What can be shown alone. */
const FILTERS: readonly { kind: string; label: string; kinds: readonly IncidentEventKind[] }[] = [
  {
    kind: 'people',
    label: 'People',
    kinds: ['comment', 'status', 'role', 'task', 'runbook', 'acknowledgement', 'status page'],
  },
  { kind: 'alerts', label: 'Alerts', kinds: ['alert', 'notification', 'acknowledgement'] },
  { kind: 'changes', label: 'Changes', kinds: ['deploy', 'change', 'finding'] },
  { kind: 'signals', label: 'Signals', kinds: ['check', 'error', 'evidence', 'finding'] },
];

/** Everything in its order, newest last, as a story is told. */
export function Timeline({ incident, kind }: { incident: IncidentDetail; kind: string | undefined }) {
  const filter = FILTERS.find((one) => one.kind === kind);
  const shown = incident.timeline.filter((event) => filter === undefined || filter.kinds.includes(event.kind));
  return (
    <Panel
      title="What happened"
      note={`${shown.length} of ${incident.timeline.length}`}
      actions={
        <nav className="incident-filters" aria-label="Kinds of lines">
          <route.Link to="." search={(old) => ({ ...old, kind: undefined })} data-current={filter === undefined}>
            All
          </route.Link>
          {FILTERS.map((one) => (
            <route.Link
              key={one.kind}
              to="."
              search={(old) => ({ ...old, kind: one.kind })}
              data-current={one === filter}
            >
              {one.label}
            </route.Link>
          ))}
        </nav>
      }
      flush
    >
      <ol className="story">
        {shown.map((event) => (
          <Line key={event.id} event={event} />
        ))}
      </ol>
      <Comment id={incident.id} />
    </Panel>
  );
}

function Line({ event }: { event: IncidentEvent }) {
  return (
    <li className="story-line" data-kind={event.kind}>
      <span className="story-at">
        <Instant at={event.at} />
      </span>
      <span className="story-kind">
        <Icon name={EVENT_ICONS[event.kind]} />
        {event.kind}
      </span>
      <span className="story-text">
        {event.actor !== null && <strong>{event.actor} </strong>}
        {event.link === null ? event.text : <HrefLink href={event.link}>{event.text}</HrefLink>}
      </span>
    </li>
  );
}

function Comment({ id }: { id: string }) {
  const me = useQuery(meQuery).data;
  const [text, setText] = useState('');
  const queryClient = useQueryClient();
  const add = useMutation({
    mutationFn: () => post(`/api/v1/incidents/${id}/comments`, { text }),
    onSuccess: () => {
      setText('');
      return readAgain(queryClient);
    },
  });
  if (me === undefined || me.role === 'viewer') return null;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== '' && !add.isPending) add.mutate();
  };
  return (
    <form className="story-comment" onSubmit={send}>
      <label className="field">
        <span className="visually-hidden">Comment</span>
        <input
          className="input"
          value={text}
          placeholder="What you see or do"
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <Button type="submit" aria-disabled={add.isPending}>
        Comment
      </Button>
      <RefusedNote error={add.error} />
    </form>
  );
}
