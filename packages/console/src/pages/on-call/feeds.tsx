import { useQuery } from '@tanstack/react-query';
import type { NewOnCallFeed, OnCallFeed, OnCallSituation } from '@yumops/protocol';
import { useState } from 'react';
import { post, remove } from '../../api/client.ts';
import { onCallFeedsQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { Form } from '../../components/form.tsx';
import { Icon } from '../../components/icon.tsx';
import { Modal } from '../../components/modal.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { When } from '../../components/when.tsx';
import { useCloseForm, useOnCallChange } from './changes.ts';
import { useMayChange } from './rights.ts';
import { ScheduleField } from './schedule-field.tsx';

/** Links by which calendar programs read a schedule. */
export function Feeds() {
  const query = useQuery(onCallFeedsQuery);
  return (
    <Panel title="Calendar links" flush>
      <QueryView query={query} what="the calendar links" rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No links yet">
              With a link, a calendar program shows the turns of a schedule and keeps them up to date.
            </Empty>
          ) : (
            <ul>
              {items.map((feed) => (
                <Feed key={feed.id} feed={feed} />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}

function Feed({ feed }: { feed: OnCallFeed }) {
  const [asking, setAsking] = useState(false);
  const mayChange = useMayChange();
  const end = useOnCallChange(() => remove(`/api/v1/oncall/feeds/${feed.id}`));
  return (
    <li className="override">
      <Icon name="calendar" />
      <div>
        <p>
          <strong>{feed.schedule}</strong>
        </p>
        <p className="quiet">
          made by {feed.createdBy}, <When at={feed.createdAt} />
        </p>
      </div>
      {mayChange && (
        <Button icon="remove" aria-label={`Remove the link to ${feed.schedule}`} onClick={() => setAsking(true)}>
          Remove
        </Button>
      )}
      {asking && (
        <Form
          title="Remove the calendar link"
          verb="Remove"
          error={end.error}
          busy={end.isPending}
          submit={() => end.mutate(undefined, { onSuccess: () => setAsking(false) })}
          close={() => setAsking(false)}
        >
          <p>Calendar programs that use the link no longer see the turns of {feed.schedule}.</p>
        </Form>
      )}
    </li>
  );
}

/** Makes a link and shows it, which happens once. */
export function FeedForm({ schedules }: { schedules: readonly OnCallSituation[] }) {
  const close = useCloseForm();
  const [schedule, setSchedule] = useState(schedules[0]?.schedule ?? '');
  const make = useOnCallChange(() => post<NewOnCallFeed>('/api/v1/oncall/feeds', { schedule }));
  if (make.data !== undefined) return <NewLink feed={make.data} close={close} />;
  return (
    <Form
      title="Make a calendar link"
      verb="Make the link"
      error={make.error}
      busy={make.isPending}
      submit={() => make.mutate(undefined)}
      close={close}
    >
      <ScheduleField schedules={schedules} value={schedule} onChange={setSchedule} />
      <p className="form-help">Whoever has the link can read who is on call, without signing in.</p>
    </Form>
  );
}

function NewLink({ feed, close }: { feed: NewOnCallFeed; close(): void }) {
  return (
    <Modal label="The new calendar link" close={close}>
      <div className="change">
        <h2>The link to {feed.schedule}</h2>
        <p>Copy it now: it is shown once. Paste it where your calendar program adds a calendar by address.</p>
        <Command line={feed.url} what="link" />
        <div className="change-actions">
          <Button look="primary" onClick={close}>
            Done
          </Button>
        </div>
      </div>
    </Modal>
  );
}
