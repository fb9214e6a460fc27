import { useRef } from 'react';

/** The newest value that was there: what has been read stays on the page when reading again fails. */
export function useLastGood<Value>(value: Value | undefined): Value | undefined {
  const last = useRef(value);
  if (value !== undefined) last.current = value;
  return last.current;
}
