import type { BackupPlan } from '@yumops/protocol';
import { useState } from 'react';
import { Form } from '../../components/form.tsx';
import '../../components/field.css';

export interface OneOffFormProps {
  plan: BackupPlan;
  error: unknown;
  busy: boolean;
  submit(schemas: readonly string[]): void;
  close(): void;
}

/** Asks for the schemas of a backup that is made once, beside the regular ones. */
export function OneOffForm({ plan, error, busy, submit, close }: OneOffFormProps) {
  const [text, setText] = useState('');
  const schemas = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (
    <Form
      title={`Back up some schemas of ${plan.database}`}
      verb="Back up once"
      error={error}
      busy={busy}
      ready={schemas.length > 0}
      submit={() => submit(schemas)}
      close={close}
    >
      <label className="field">
        <span className="field-label">Schemas, one a line, as the database names them</span>
        <textarea
          className="input backup-schemas"
          rows={4}
          spellCheck={false}
          placeholder="public"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <p className="form-help">
        The rows of their tables and the roles, without files. It stands beside the backups of {plan.name}: no alert,
        drill or schedule counts it, and no regular backup gives way to it.
      </p>
    </Form>
  );
}
