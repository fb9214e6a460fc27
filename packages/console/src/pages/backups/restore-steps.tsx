import { getRouteApi } from '@tanstack/react-router';
import type { BackupDetail } from '@yumops/protocol';
import { Choice } from '../../components/choice.tsx';
import { Command } from '../../components/command.tsx';
import '../../components/field.css';

const route = getRouteApi('/console/backups');

/** Where backups are made, and where a command reads them unless it is told. */
const FIRST = 'first';

type What = 'database' | 'schema' | 'table' | 'files' | 'moment';

const OPTIONS: readonly { value: What; label: string }[] = [
  { value: 'database', label: 'The database' },
  { value: 'schema', label: 'One schema' },
  { value: 'table', label: 'One table' },
  { value: 'files', label: 'Files' },
  { value: 'moment', label: 'A moment' },
];

/** Quotes a word for a shell. */
const quoted = (word: string) => (/^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** What a person has to decide, and the command that does it. Nothing is restored from a browser. */
export function RestoreSteps({ backup }: { backup: BackupDetail }) {
  const has = (part: string) => backup.objects.some((object) => object.part === part);
  const possible: Record<What, boolean> = {
    database: has('dump'),
    schema: has('dump'),
    table: has('dump'),
    files: has('files'),
    moment: backup.tier === 'physical',
  };
  const options = OPTIONS.filter(({ value }) => possible[value]);
  const { restore, of: detail = '', place: asked } = route.useSearch();
  const places = backup.places.map(({ name }) => name);
  const place = places.find((name) => name === asked) ?? places[0] ?? FIRST;
  const navigate = route.useNavigate();
  const what = options.find(({ value }) => value === restore)?.value ?? options[0]?.value ?? 'database';
  const show = (next: { restore: What; of?: string; place?: string }) =>
    void navigate({ search: (old) => ({ ...old, backup: backup.id, of: undefined, place, ...next }), replace: true });
  if (options.length === 0) return <p className="quiet">There is nothing in it that could be restored.</p>;
  return (
    <div className="restore-steps">
      <Choice
        label="What do you need back?"
        value={what}
        options={options}
        onChange={(value: What) => show({ restore: value })}
      />
      {what !== 'database' && (
        <label className="field">
          <span className="field-label">{LABELS[what]}</span>
          <input
            className="input"
            value={detail}
            onChange={(event) => show({ restore: what, of: event.target.value })}
          />
        </label>
      )}
      {places.length > 1 && (
        <Choice
          label="From which destination?"
          value={place}
          options={places.map((name) => ({ value: name, label: name }))}
          onChange={(name: string) => show({ restore: what, of: detail, place: name })}
        />
      )}
      <p>Run this where YumOps is. It checks everything before it writes anything.</p>
      <Command line={commandOf(backup, what, detail.trim(), place)} />
      <ul className="restore-rules">
        {rulesOf(backup, what).map((rule) => (
          <li key={rule}>
            {rule.split(/(--\w+)/).map((part) =>
              part.startsWith('--') ? (
                <code key={part} className="restore-option">
                  {part}
                </code>
              ) : (
                part
              ),
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

const LABELS: Record<What, string> = {
  database: '',
  schema: 'Schema',
  table: 'Table, with its schema',
  files: 'File or folder; empty for all',
  moment: 'Moment, as ISO time or position in the log',
};

/** What becomes of a database that is there, where the backup holds all of one. */
const REPLACES =
  'A missing database is made, an empty one is filled. Any other needs --yes and is kept under another name.';

const RULES: Record<What, readonly string[]> = {
  database: [
    'Put the address of the target into the variable TARGET_URL: it does not belong on a command line.',
    REPLACES,
    'The database that was backed up is refused, under whatever name.',
  ],
  schema: [
    'Restore it into a copy first when you are not sure.',
    'A schema of the same name is renamed and kept. Views and keys of other schemas still refer to what is kept.',
  ],
  table: [
    'Restore it into a copy first when you are not sure.',
    'A table of the same name is kept, in a schema of its own. The rest of the database is not touched.',
  ],
  files: ['A file that is there already is never replaced without --yes.'],
  moment: ['The result is a stopped data directory of Postgres, recovered to that moment.'],
};

function rulesOf({ schemas }: BackupDetail, what: What): readonly string[] {
  if (what !== 'database' || schemas === null) return RULES[what];
  const partial = `It holds only ${schemas.join(', ')}: a missing database is made, an empty one is filled. Into any other, restore one schema.`;
  return RULES.database.map((rule) => (rule === REPLACES ? partial : rule));
}

function commandOf({ id, name, schemas }: BackupDetail, what: What, detail: string, place: string): string {
  const target = `--to '\${TARGET_URL}'`;
  const from = place === FIRST ? '' : ` --from ${quoted(place)}`;
  switch (what) {
    case 'database':
      return `yumops backup restore ${id} ${target}${from}`;
    case 'table':
      return `yumops backup restore ${id} ${target} --table ${quoted(detail || 'schema.table')} --yes${from}`;
    case 'schema':
      return `yumops backup restore ${id} ${target} --schema ${quoted(detail || schemas?.[0] || 'public')} --yes${from}`;
    case 'files':
      return `yumops backup restore ${id}${detail === '' ? '' : ` --file ${quoted(detail)}`} --to-dir ./restored${from}`;
    default:
      return `yumops backup restore ${quoted(name)} --at ${quoted(detail || '2026-01-05T03:00:00Z')} --to-dir ./restored --yes${from}`;
  }
}
