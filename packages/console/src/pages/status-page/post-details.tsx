import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { PostStatus, StatusPost } from '@yumops/protocol';
import { type FormEvent, useState } from 'react';
import { get, remove, post as send } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Empty } from '../../components/notice.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { POST_STATUSES } from '../incidents/incident-look.ts';
import { readAgain } from '../incidents/incident-queries.ts';
import { ComponentChoices, componentsOf } from './post-form.tsx';
import { postsQuery, statusPageQuery } from './status-queries.ts';

const route = getRouteApi('/console/status-page');
const path = (id: string, rest = '') => `/api/v1/status/posts/${encodeURIComponent(id)}${rest}`;

/** One post: a draft to be changed and published, or a public one with its updates. */
export function PostDetails({ id, mayAct }: { id: string; mayAct: boolean }) {
  return (
    <QueryView query={useQuery(postsQuery)} what="the post" rows={6}>
      {({ items }) => {
        const post = items.find((one) => one.id === id);
        if (post === undefined) return <Empty title="There is no such post" />;
        return (
          <div className="post-details">
            <Head post={post} />
            {post.publishedAt === null ? mayAct && <Draft key={post.id} post={post} /> : <Updates post={post} />}
            {post.publishedAt !== null && mayAct && <NextUpdate key={post.updates.length} post={post} />}
          </div>
        );
      }}
    </QueryView>
  );
}

function Head({ post }: { post: StatusPost }) {
  return (
    <div className="post-head">
      {post.publishedAt === null ? (
        <State tone="none" icon="pending" word="Draft, seen by nobody else" look="badge" />
      ) : (
        <State {...POST_STATUSES[post.status]} look="badge" />
      )}
      <h3>{post.title}</h3>
      <p className="quiet">
        {post.scheduledStart !== null && post.scheduledEnd !== null ? (
          <>
            <Instant at={post.scheduledStart} /> to <Instant at={post.scheduledEnd} />
          </>
        ) : (
          <>
            began <Instant at={post.startedAt} />
          </>
        )}
        {post.publishedBy !== null && ` · published by ${post.publishedBy}`}
      </p>
      {post.incident !== null && (
        <Link to="/incidents/$id" params={{ id: post.incident }}>
          The incident
        </Link>
      )}
    </div>
  );
}

function Updates({ post }: { post: StatusPost }) {
  return (
    <ol className="post-updates">
      {post.updates.toReversed().map(({ id, status, body, at }) => (
        <li key={id}>
          <State {...POST_STATUSES[status]} /> <Instant at={at} />
          <p>{body}</p>
        </li>
      ))}
    </ol>
  );
}

/** A draft is changed until it is right; then a person publishes it. */
function Draft({ post }: { post: StatusPost }) {
  const queryClient = useQueryClient();
  const navigate = route.useNavigate();
  const components = useQuery(statusPageQuery).data?.components ?? [];
  const save = useMutation({
    mutationFn: async ({ input, publish }: { input: unknown; publish: boolean }) => {
      await send(path(post.id), input);
      if (publish) await send(path(post.id, '/publish'), {});
    },
    onSettled: () => readAgain(queryClient),
  });
  const drop = useMutation({
    mutationFn: () => remove(path(post.id)),
    onSuccess: () => {
      void readAgain(queryClient);
      void navigate({ search: {} });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const submitter = (event.nativeEvent as SubmitEvent).submitter as HTMLButtonElement | null;
    const input = {
      title: String(data.get('title')),
      body: String(data.get('body')),
      impact: post.impact,
      components: componentsOf(data, components),
    };
    save.mutate({ input, publish: submitter?.value === 'publish' });
  };
  return (
    <form className="post-form" onSubmit={submit}>
      <label className="field">
        <span className="field-label">Title</span>
        <input className="input" name="title" required defaultValue={post.title} />
      </label>
      <label className="field">
        <span className="field-label">Text</span>
        <textarea className="input post-body" name="body" rows={5} required defaultValue={post.updates[0]?.body} />
      </label>
      <ComponentChoices
        key={components.length}
        components={components}
        planned={post.kind === 'maintenance'}
        chosen={post.components}
      />
      <div className="change-actions">
        <Button type="submit" look="primary" value="publish" aria-disabled={save.isPending}>
          Publish
        </Button>
        <Button type="submit" value="save" aria-disabled={save.isPending}>
          Save the draft
        </Button>
        <Button look="quiet" onClick={() => drop.mutate()}>
          Throw away
        </Button>
      </div>
      <RefusedNote error={save.error ?? drop.error} />
    </form>
  );
}

const NEXT: Record<StatusPost['kind'], readonly PostStatus[]> = {
  incident: ['investigating', 'identified', 'monitoring', 'resolved'],
  maintenance: ['scheduled', 'in_progress', 'verifying', 'completed'],
};

/** What comes next, with words to begin with. */
function NextUpdate({ post }: { post: StatusPost }) {
  const queryClient = useQueryClient();
  const states = NEXT[post.kind];
  const following = states[Math.min(states.length - 1, states.indexOf(post.status) + 1)] ?? post.status;
  const [status, setStatus] = useState<PostStatus>(following);
  const [written, setWritten] = useState<string | null>(null);
  const suggestion = useQuery({
    queryKey: ['status-posts', 'suggestion', post.id, status],
    queryFn: ({ signal }) => get<{ body: string }>(path(post.id, '/suggestion'), { status }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const add = useMutation({
    mutationFn: (body: string) => send(path(post.id, '/updates'), { status, body }),
    onSuccess: () => readAgain(queryClient),
  });
  const body = written ?? suggestion.data?.body ?? '';
  return (
    <form
      className="post-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!add.isPending) add.mutate(body);
      }}
    >
      <label className="field">
        <span className="field-label">Next</span>
        <select className="input" value={status} onChange={(event) => setStatus(event.target.value as PostStatus)}>
          {states.map((one) => (
            <option key={one} value={one}>
              {POST_STATUSES[one].word}
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        <span className="field-label">Text</span>
        <textarea
          className="input post-body"
          rows={4}
          required
          value={body}
          onChange={(event) => setWritten(event.target.value)}
        />
      </label>
      <div className="change-actions">
        <Button type="submit" look="primary" aria-disabled={add.isPending}>
          Publish the update
        </Button>
      </div>
      <RefusedNote error={add.error} />
    </form>
  );
}
