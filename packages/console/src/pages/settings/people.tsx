import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { PersonItem } from '@yumops/protocol';
import { useState } from 'react';
import { peopleQuery, removePerson } from '../../api/access.ts';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { Form } from '../../components/form.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { When } from '../../components/when.tsx';
import { grantsText } from '../../format/grants.ts';
import { plural } from '../../format/number.ts';

/** Accounts of the console. */
export function People() {
  const known = useQuery(peopleQuery);
  const [leaver, setLeaver] = useState<PersonItem | null>(null);
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: removePerson,
    onSuccess: () => {
      setLeaver(null);
      return queryClient.invalidateQueries({ queryKey: peopleQuery.queryKey });
    },
  });
  return (
    <Panel title="People" flush>
      <QueryView query={known} what="the accounts" rows={4}>
        {({ items }) => (
          <ul className="access-list">
            {items.map((person) => (
              <li key={person.email}>
                <span className="access-what">
                  <strong>{person.email}</strong>
                  <span className="quiet">
                    {grantsText(person)}, {presence(person)}
                    {person.lastSeenAt !== null && <When at={person.lastSeenAt} />}
                    {`, ${ways(person)}`}
                  </span>
                </span>
                <Button aria-label={`Remove ${person.email}`} onClick={() => setLeaver(person)}>
                  Remove
                </Button>
              </li>
            ))}
          </ul>
        )}
      </QueryView>
      <div className="access-hint">
        <span className="quiet">Somebody new:</span>
        <Command line="npx yumops user create --email NAME@EXAMPLE.COM --role responder" />
      </div>
      {leaver !== null && (
        <Form
          title={`Remove ${leaver.email}`}
          verb="Remove the account"
          error={remove.error}
          busy={remove.isPending}
          submit={() => remove.mutate(leaver.email)}
          close={() => setLeaver(null)}
        >
          <p>The account ends and is signed out everywhere at once. What the person did stays in the audit log.</p>
        </Form>
      )}
    </Panel>
  );
}

function presence({ sessions, lastSeenAt }: PersonItem): string {
  if (lastSeenAt === null) return 'not signed in';
  return `${plural(sessions, 'session')}, seen `;
}

/** How the person proves who it is, besides the password. */
function ways({ secondFactor, passkeys }: PersonItem): string {
  const held = [secondFactor ? 'codes of an app' : '', passkeys > 0 ? plural(passkeys, 'passkey') : ''];
  return held.filter((way) => way !== '').join(' and ') || 'no second factor';
}
