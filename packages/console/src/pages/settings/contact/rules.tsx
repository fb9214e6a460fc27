import type { ContactRules, OnCallPerson } from '@yumops/protocol';
import { useState } from 'react';
import { post } from '../../../api/client.ts';
import { Button, IconButton } from '../../../components/button.tsx';
import { Panel } from '../../../components/panel.tsx';
import { RefusedNote } from '../../../components/refused-note.tsx';
import { State } from '../../../components/state.tsx';
import { formatSpan } from '../../../format/number.ts';
import { useContactChange } from './changes.ts';
import { CHANNEL_NAMES, CHANNELS, type ContactChannel } from './channels.ts';

type Urgency = 'high' | 'low';
type Rule = ContactRules['items'][number];

const TITLES: Readonly<Record<Urgency, string>> = { high: 'Of critical alerts', low: 'Of all others' };
/** Delays to choose from, seconds. */
const DELAYS = [0, 60, 120, 300, 600, 900, 1_800, 3_600];

/** In which order and how soon a person is told once it is their turn. */
export function Rules({ person }: { person: OnCallPerson }) {
  return (
    <Panel title="How I am told">
      <p className="quiet">
        Counted from the moment when an escalation step reaches you. What you acknowledge is not told again.
      </p>
      <div className="contact-rules">
        <Editor key={keyOf(person.rules.high)} person={person} urgency="high" />
        <Editor key={keyOf(person.rules.low)} person={person} urgency="low" />
      </div>
    </Panel>
  );
}

/** What is stored, so that an editor begins anew when it changes. */
function keyOf(rules: ContactRules): string {
  return JSON.stringify(rules);
}

function Editor({ person, urgency }: { person: OnCallPerson; urgency: Urgency }) {
  const stored = person.rules[urgency];
  const [items, setItems] = useState<readonly Rule[]>(stored.items);
  const save = useContactChange((wanted: readonly Rule[] | undefined) =>
    post<void>(`/api/v1/oncall/people/${encodeURIComponent(person.name)}/rules`, rulesToSend(person, urgency, wanted)),
  );
  const fixed = stored.from === 'configuration';
  const isChanged = JSON.stringify(items) !== JSON.stringify(stored.items);
  const put = (index: number, rule: Rule | null) =>
    setItems(items.flatMap((old, place) => (place === index ? (rule ?? []) : old)));
  return (
    <section aria-label={TITLES[urgency]} className="contact-editor">
      <h3>{TITLES[urgency]}</h3>
      <p className="quiet">{ORIGINS[stored.from]}</p>
      <ol className="contact-steps">
        {items.map((rule, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two rules may be the same
          <li key={index}>
            <RuleFields rule={rule} person={person} fixed={fixed} change={(next) => put(index, next)} />
            {!fixed && (
              <IconButton
                icon="remove"
                label={`Remove rule ${index + 1} ${TITLES[urgency].toLowerCase()}`}
                disabled={items.length === 1}
                onClick={() => put(index, null)}
              />
            )}
          </li>
        ))}
      </ol>
      {!fixed && (
        <div className="contact-save">
          <Button
            icon="add"
            onClick={() => setItems([...items, { after: items.at(-1)?.after ?? 0, channel: 'email' }])}
          >
            Add a rule
          </Button>
          <Button look="primary" disabled={!isChanged || save.isPending} onClick={() => save.mutate(items)}>
            Save
          </Button>
          {stored.from === 'own' && (
            <Button disabled={save.isPending} onClick={() => save.mutate(undefined)}>
              Back to the default
            </Button>
          )}
          <RefusedNote error={save.error} />
        </div>
      )}
    </section>
  );
}

const ORIGINS: Readonly<Record<ContactRules['from'], string>> = {
  configuration: 'Written in the configuration, and changed there.',
  own: 'As you have said.',
  default: 'The default, over the addresses that work.',
};

/** Both urgencies are set at once: the other one stays as it is. */
function rulesToSend({ rules }: OnCallPerson, urgency: Urgency, wanted: readonly Rule[] | undefined) {
  const other = urgency === 'high' ? 'low' : 'high';
  const kept = rules[other].from === 'own' ? { [other]: rules[other].items } : {};
  return { ...kept, ...(wanted && { [urgency]: wanted }) };
}

interface RuleFieldsProps {
  rule: Rule;
  person: OnCallPerson;
  fixed: boolean;
  change(rule: Rule): void;
}

function RuleFields({ rule, person, fixed, change }: RuleFieldsProps) {
  const reaches = person.targets.some(({ channel, broken }) => channel === rule.channel && broken === null);
  const delays = DELAYS.includes(rule.after) ? DELAYS : [...DELAYS, rule.after].sort((a, b) => a - b);
  return (
    <>
      <select
        className="input"
        aria-label="By"
        value={rule.channel}
        disabled={fixed}
        onChange={(event) => change({ ...rule, channel: event.target.value as ContactChannel })}
      >
        {CHANNELS.map((channel) => (
          <option key={channel} value={channel}>
            {CHANNEL_NAMES[channel]}
          </option>
        ))}
      </select>
      <select
        className="input"
        aria-label="When"
        value={rule.after}
        disabled={fixed}
        onChange={(event) => change({ ...rule, after: Number(event.target.value) })}
      >
        {delays.map((after) => (
          <option key={after} value={after}>
            {after === 0 ? 'at once' : `after ${formatSpan(after * 1_000)}`}
          </option>
        ))}
      </select>
      {!reaches && <State tone="warn" word="reaches no address" />}
    </>
  );
}
