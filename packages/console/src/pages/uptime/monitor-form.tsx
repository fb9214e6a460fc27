import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { MonitorTrial } from '@yumops/protocol';
import { useState } from 'react';
import { post, put } from '../../api/client.ts';
import { monitorDefinitionQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Form } from '../../components/form.tsx';
import { Modal } from '../../components/modal.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { RefusedNote } from '../../components/refused-note.tsx';
import { type Definition, definitionOf, type FieldTexts, FURTHER, fieldsOf, textsOf } from './monitor-definition.ts';
import { type Field, KINDS } from './monitor-fields.ts';
import { Trial } from './trial.tsx';

const DEFAULT_KIND = 'http';

export interface AddMonitorProps {
  /** As the address says. */
  kind: string | undefined;
  chooseKind(kind: string): void;
  close(): void;
  saved(id: string): void;
}

/** Makes a monitor that stands in no file. */
export function AddMonitor({ kind = DEFAULT_KIND, ...rest }: AddMonitorProps) {
  const known = kind in KINDS ? kind : DEFAULT_KIND;
  return (
    <MonitorForm
      {...rest}
      title="Add a monitor"
      verb="Add"
      kind={known}
      id={undefined}
      before={{}}
      save={(definition) => post<{ id: string }>('/api/v1/monitors', definition)}
    />
  );
}

/** Changes a monitor that stands in no file; secrets stay as they are unless they are written anew. */
export function EditMonitor({ id, close, saved }: { id: string; close(): void; saved(id: string): void }) {
  const query = useQuery(monitorDefinitionQuery(id));
  if (query.data === undefined) {
    return (
      <Modal label="Edit the monitor" close={close}>
        <div className="change">
          <QueryView query={query} what="the monitor" rows={6}>
            {() => null}
          </QueryView>
        </div>
      </Modal>
    );
  }
  const { definition } = query.data;
  return (
    <MonitorForm
      title="Edit the monitor"
      verb="Save"
      kind={String(definition['kind'] ?? DEFAULT_KIND)}
      id={id}
      before={definition}
      close={close}
      saved={saved}
      save={(next) => put<{ id: string }>(`/api/v1/monitors/${encodeURIComponent(id)}`, next)}
    />
  );
}

interface MonitorFormProps {
  title: string;
  verb: string;
  kind: string;
  /** Undefined = the kind stays what it is. */
  chooseKind?(kind: string): void;
  id: string | undefined;
  before: Definition;
  save(definition: Definition): Promise<{ id: string }>;
  close(): void;
  saved(id: string): void;
}

function MonitorForm({ title, verb, kind, chooseKind, id, before, save, close, saved }: MonitorFormProps) {
  const queryClient = useQueryClient();
  const [name, setName] = useState(String(before['name'] ?? ''));
  const [texts, setTexts] = useState<FieldTexts>(() => textsOf({ kind, ...before }));
  const keep = useMutation({
    mutationFn: async () => save(definitionOf(kind, name, texts)),
    onSuccess: (answer) => {
      for (const key of ['monitors', 'monitor', 'monitor-definition']) {
        void queryClient.invalidateQueries({ queryKey: [key] });
      }
      saved(answer.id);
    },
  });
  const trial = useMutation({
    mutationFn: async () =>
      post<MonitorTrial>('/api/v1/monitors/test', { definition: definitionOf(kind, name || 'Trial', texts), id }),
  });
  const set = (key: string, text: string) => setTexts((old) => ({ ...old, [key]: text }));
  const fields = fieldsOf(kind);
  const missing = fields.some(({ key, required }) => required && (texts[key] ?? '').trim() === '');
  return (
    <Form
      title={title}
      verb={verb}
      error={keep.error}
      busy={keep.isPending}
      ready={name.trim() !== '' && !missing}
      submit={() => keep.mutate()}
      close={close}
    >
      <div className="monitor-fields">
        <Text label="Name" value={name} onChange={setName} required />
        <label className="field">
          <span className="field-label">Kind</span>
          <select
            className="input"
            value={kind}
            disabled={chooseKind === undefined}
            onChange={(event) => chooseKind?.(event.target.value)}
          >
            {Object.entries(KINDS).map(([value, { label }]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <p className="form-help monitor-field-wide">{KINDS[kind]?.means}</p>
        {fields.map((field) => (
          <FieldInput
            key={field.key}
            field={field}
            value={texts[field.key] ?? ''}
            set={(text) => set(field.key, text)}
          />
        ))}
        <details className="monitor-field-wide" open={(texts[FURTHER] ?? '') !== ''}>
          <summary>Further keys, as JSON</summary>
          <textarea
            className="input mono monitor-area"
            aria-label="Further keys, as JSON"
            rows={4}
            value={texts[FURTHER] ?? ''}
            placeholder='{"severity": "warning", "badge": true}'
            onChange={(event) => set(FURTHER, event.target.value)}
          />
        </details>
      </div>
      {kind !== 'heartbeat' && (
        <div className="trial-part">
          <Button aria-disabled={trial.isPending} disabled={missing} onClick={() => trial.mutate()}>
            {trial.isPending ? 'Testing…' : 'Test now'}
          </Button>
          <RefusedNote error={trial.error} />
          {trial.data !== undefined && <Trial trial={trial.data} />}
        </div>
      )}
    </Form>
  );
}

const AREAS = new Set<Field['type']>(['lines', 'pairs', 'json']);

function FieldInput({ field, value, set }: { field: Field; value: string; set(text: string): void }) {
  const { label, type, placeholder, required = false } = field;
  if (type === 'check') {
    return (
      <label className="monitor-check">
        <input type="checkbox" checked={value === 'on'} onChange={(event) => set(event.target.checked ? 'on' : '')} />{' '}
        {label}
      </label>
    );
  }
  if (!AREAS.has(type)) {
    return (
      <Text
        label={label}
        value={value}
        onChange={set}
        required={required}
        {...(placeholder === undefined ? {} : { placeholder })}
        {...(type === 'number' ? { inputMode: 'numeric' as const } : {})}
      />
    );
  }
  return (
    <label className="field monitor-field-wide">
      <span className="field-label">{label}</span>
      <textarea
        className="input mono monitor-area"
        rows={type === 'json' ? 6 : 2}
        value={value}
        placeholder={placeholder}
        required={required}
        onChange={(event) => set(event.target.value)}
      />
    </label>
  );
}

interface TextProps {
  label: string;
  value: string;
  onChange(text: string): void;
  required?: boolean;
  placeholder?: string;
  inputMode?: 'numeric';
}

function Text({ label, onChange, ...rest }: TextProps) {
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <input className="input" autoComplete="off" onChange={(event) => onChange(event.target.value)} {...rest} />
    </label>
  );
}
