import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Postmortem } from '@yumops/protocol';
import { useState } from 'react';
import { post } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Markdown } from '../../components/markdown.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { Instant } from '../../components/when.tsx';
import { postmortemQuery, readAgain } from './incident-queries.ts';

/** The draft from the timeline, and what people make of it. */
export function PostmortemView({ id }: { id: string }) {
  return (
    <QueryView query={useQuery(postmortemQuery(id))} what="the postmortem" rows={10}>
      {(postmortem) => <Editor key={postmortem.text} id={id} postmortem={postmortem} />}
    </QueryView>
  );
}

function Editor({ id, postmortem }: { id: string; postmortem: Postmortem }) {
  const me = useQuery(meQuery).data;
  const queryClient = useQueryClient();
  const [text, setText] = useState<string | null>(null);
  const save = useMutation({
    mutationFn: (written: string) => post<Postmortem>(`/api/v1/incidents/${id}/postmortem`, { text: written }),
    onSuccess: (saved) => {
      queryClient.setQueryData(postmortemQuery(id).queryKey, saved);
      void readAgain(queryClient);
    },
  });
  const writing = text !== null;
  const mayWrite = me !== undefined && me.role !== 'viewer';
  return (
    <Panel
      title={postmortem.saved ? 'Postmortem' : 'Draft from the timeline'}
      note={
        postmortem.at !== null && (
          <>
            {postmortem.by}, <Instant at={postmortem.at} />
          </>
        )
      }
      actions={<CopyButton text={text ?? postmortem.text} label="Copy as Markdown" />}
    >
      {writing ? (
        <label className="field">
          <span className="field-label">Markdown</span>
          <textarea
            className="input postmortem-text mono"
            rows={30}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
      ) : (
        <Markdown text={postmortem.text} />
      )}
      {mayWrite && (
        <div className="incident-actions postmortem-actions">
          {writing ? (
            <>
              <Button look="primary" aria-disabled={save.isPending} onClick={() => save.mutate(text)}>
                Save
              </Button>
              <Button onClick={() => setText(null)}>Cancel</Button>
            </>
          ) : (
            <>
              <Button look="primary" onClick={() => setText(postmortem.text)}>
                Write
              </Button>
              {!postmortem.saved && <Button onClick={() => save.mutate(postmortem.text)}>Save as it is</Button>}
            </>
          )}
          <RefusedNote error={save.error} />
        </div>
      )}
    </Panel>
  );
}
