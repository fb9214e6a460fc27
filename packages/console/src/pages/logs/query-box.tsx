import { type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from 'react';
import { Icon } from '../../components/icon.tsx';
import { useShortcuts } from '../../components/shortcuts.ts';
import { type Completion, completionsFor, type FieldCounts, tokenAt } from './query-text.ts';

export interface QueryBoxProps {
  query: string;
  counts: FieldCounts;
  submit(query: string): void;
}

/** The query, with completion of field names and of their values. Enter searches, Tab takes a suggestion. */
export function QueryBox({ query, counts, submit }: QueryBoxProps) {
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const box = useCompletion(query, counts, input, submit);
  useShortcuts({ '/': () => input.current?.focus() });
  return (
    <form
      className="query-box"
      onSubmit={(event) => {
        event.preventDefault();
        box.search();
      }}
    >
      <Icon name="search" />
      <input
        ref={input}
        className="query-input mono"
        role="combobox"
        aria-label="Search the logs"
        aria-expanded={box.open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={box.open && box.active >= 0 ? `${id}-${box.active}` : undefined}
        placeholder='level:error  statusCode:>499  -service:web  "exact phrase"'
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        value={box.text}
        onChange={(event) => box.type(event.target.value, event.target.selectionStart ?? 0)}
        onClick={(event) => box.moveTo(event.currentTarget.selectionStart ?? 0)}
        onKeyDown={box.onKey}
        onBlur={box.close}
      />
      {box.open && (
        <div className="query-completions popover" role="listbox" id={`${id}-list`} aria-label="Suggestions">
          {box.completions.map((completion, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the input, which keeps the focus
            <div
              key={completion.insert}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === box.active}
              className="query-completion"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => box.take(completion)}
            >
              <span className="mono truncate">{completion.label}</span>
              <span className="quiet">{completion.detail}</span>
            </div>
          ))}
        </div>
      )}
    </form>
  );
}

type InputRef = { current: HTMLInputElement | null };

/** State of the box: text, caret, suggestions and which of them is chosen. */
function useCompletion(query: string, counts: FieldCounts, input: InputRef, submit: (query: string) => void) {
  const [given, setGiven] = useState(query);
  const [text, setText] = useState(query);
  const [caret, setCaret] = useState(query.length);
  const [wanted, setWanted] = useState(false);
  const [active, setActive] = useState(-1);
  if (given !== query) {
    setGiven(query);
    setText(query);
  }
  const taken = useRef<number | null>(null);
  // The caret must stand behind what was taken before the next key comes.
  useLayoutEffect(() => {
    if (taken.current === null) return;
    input.current?.setSelectionRange(taken.current, taken.current);
    taken.current = null;
  });
  const token = tokenAt(text, caret);
  const completions = wanted ? completionsFor(token.text, counts) : [];
  const open = completions.length > 0;
  const close = () => {
    setWanted(false);
    setActive(-1);
  };
  const search = () => {
    close();
    submit(text.trim());
  };
  const type = (next: string, at: number) => {
    setText(next);
    setCaret(at);
    setActive(-1);
    setWanted(true);
  };
  const take = ({ insert }: Completion) => {
    const next = text.slice(0, token.start) + insert + text.slice(token.end);
    const at = token.start + insert.length;
    type(next, at);
    taken.current = at;
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    const chosen = completions[active];
    const action = keyAction(event, { open, chosen, first: completions[0] });
    if (action === null) return;
    event.preventDefault();
    if (action.kind === 'move') setActive(cycle(active + action.step, completions.length));
    else if (action.kind === 'take') take(action.completion);
    else if (action.kind === 'close') close();
    else if (action.kind === 'leave') input.current?.blur();
    else setWanted(true);
  };
  return { text, completions, open, active, close, search, type, take, onKey, moveTo: setCaret };
}

function cycle(index: number, length: number): number {
  return (index + length) % length;
}

type KeyAction =
  | { kind: 'move'; step: 1 | -1 }
  | { kind: 'take'; completion: Completion }
  | { kind: 'close' | 'leave' | 'open' };

interface KeyState {
  open: boolean;
  chosen: Completion | undefined;
  first: Completion | undefined;
}

function keyAction({ key, shiftKey }: KeyboardEvent, { open, chosen, first }: KeyState): KeyAction | null {
  if (key === 'Escape') return { kind: open ? 'close' : 'leave' };
  if (key === 'ArrowDown' && !open) return { kind: 'open' };
  if (!open) return null;
  if (key === 'ArrowDown') return { kind: 'move', step: 1 };
  if (key === 'ArrowUp') return { kind: 'move', step: -1 };
  if (key === 'Enter' && chosen !== undefined) return { kind: 'take', completion: chosen };
  const taken = chosen ?? first;
  if (key === 'Tab' && !shiftKey && taken !== undefined) return { kind: 'take', completion: taken };
  return null;
}
