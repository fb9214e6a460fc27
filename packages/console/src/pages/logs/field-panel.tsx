import { IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { formatCount } from '../../format/number.ts';
import type { FieldCounts } from './query-text.ts';
import { termFor } from './query-text.ts';

/** Fields that every record may have, in the order of most questions; attributes follow by name. */
const FIRST = ['level', 'service', 'type', 'event', 'endpoint', 'method', 'statusCode', 'environment', 'release'];
const OPEN = new Set(['level', 'service', 'type', 'statusCode']);

export interface FieldPanelProps {
  fields: FieldCounts;
  addTerm(term: string): void;
}

/** The fields of the range with their commonest values; each filters for or out. */
export function FieldPanel({ fields, addTerm }: FieldPanelProps) {
  return (
    <ScrollRegion className="fields" label="Fields">
      {fields.length === 0 && <p className="quiet fields-empty">No fields in this range.</p>}
      {fields.toSorted(byUse).map(({ name, values }) => (
        <details key={name} className="fields-group" open={OPEN.has(name)}>
          <summary className="fields-name mono">
            <Icon name="chevron-right" />
            <span className="truncate" title={name}>
              {name}
            </span>
            <span className="quiet" title={`Different values shown here, the commonest first: ${values.length}`}>
              {values.length}
            </span>
          </summary>
          <ul>
            {values.map(({ value, count }) => (
              <FieldValue
                key={value}
                field={name}
                value={value}
                count={count}
                share={count / (values[0]?.count || 1)}
                addTerm={addTerm}
              />
            ))}
          </ul>
        </details>
      ))}
    </ScrollRegion>
  );
}

type Field = FieldCounts[number];

function byUse(a: Field, b: Field): number {
  const place = ({ name }: Field) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return place(a) - place(b) || a.name.localeCompare(b.name);
}

interface FieldValueProps {
  field: string;
  value: string;
  count: number;
  /** Of the commonest value, 0 to 1. */
  share: number;
  addTerm(term: string): void;
}

function FieldValue({ field, value, count, share, addTerm }: FieldValueProps) {
  return (
    <li className="field-value">
      <svg className="field-share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect width={share * 100} height="4" />
      </svg>
      <span className="truncate mono" title={value}>
        {value}
      </span>
      <span
        className="field-count figures"
        title={`Lines in this range with ${field} ${value}: ${count.toLocaleString('en')}`}
      >
        {formatCount(count)}
      </span>
      <IconButton
        icon="filter-in"
        label={`Only ${field} ${value}`}
        onClick={() => addTerm(termFor(field, value, false))}
      />
      <IconButton
        icon="filter-out"
        label={`Without ${field} ${value}`}
        onClick={() => addTerm(termFor(field, value, true))}
      />
    </li>
  );
}
