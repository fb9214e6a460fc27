import { getRouteApi } from '@tanstack/react-router';
import { Choice } from '../../components/choice.tsx';
import { readSpan, SPANS, type SpanName } from './database-queries.ts';

const route = getRouteApi('/console/database');

/** The length of time that the page is about, as the address has it. */
export function useSpan(): SpanName {
  return readSpan(route.useSearch().span);
}

export function SpanChoice() {
  const span = useSpan();
  const navigate = route.useNavigate();
  return (
    <Choice
      label="Over the last"
      value={span}
      options={SPANS}
      onChange={(value) => void navigate({ search: (old) => ({ ...old, span: value }) })}
    />
  );
}
