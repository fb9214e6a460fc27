import type { ErrorException, ErrorFrame } from '@yumops/protocol';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { plural } from '../../format/number.ts';

/** Own frames shown open at first. */
const OPEN = 1;

/** A stack, innermost frame first; frames of libraries stay folded until they are asked for. */
export function Stack({ exception, title }: { exception: ErrorException; title: string }) {
  const [all, setAll] = useState(false);
  const frames = (exception.stacktrace?.frames ?? []).toReversed();
  const own = frames.filter((frame) => frame.in_app !== false);
  const shown = all || own.length === 0 ? frames : own;
  const hidden = frames.length - own.length;
  return (
    <Panel
      title={title}
      note={frames.some(({ raw }) => raw) ? 'source maps applied' : undefined}
      actions={
        <>
          {own.length > 0 && hidden > 0 && (
            <Button look="quiet" onClick={() => setAll(!all)}>
              {all ? 'Own frames only' : `Show ${plural(hidden, 'frame')} of libraries`}
            </Button>
          )}
          <CopyButton label="Copy the stack" text={() => textOf(exception, frames)} />
        </>
      }
      flush
    >
      <p className="stack-title">
        <strong>{exception.type ?? 'Error'}</strong> {exception.value}
      </p>
      {frames.length === 0 ? (
        <p className="stack-none">The error came without a stack.</p>
      ) : (
        <ol className="stack">
          {shown.map((frame, index) => (
            <li key={`${frame.filename} ${frame.lineno} ${frame.colno} ${frame.function} ${frames.indexOf(frame)}`}>
              <Frame frame={frame} open={index < OPEN} />
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Frame({ frame, open }: { frame: ErrorFrame; open: boolean }) {
  const head = (
    <>
      <code className="frame-function">{frame.function ?? '?'}</code>
      <span className="frame-place">{placeOf(frame)}</span>
      {frame.in_app === false && <span className="quiet">library</span>}
    </>
  );
  if (frame.context_line === undefined) return <div className="frame frame-plain">{head}</div>;
  const first = (frame.lineno ?? 1) - (frame.pre_context?.length ?? 0);
  const lines = [...(frame.pre_context ?? []), frame.context_line, ...(frame.post_context ?? [])].map(
    (text, index) => ({
      text,
      number: first + index,
    }),
  );
  return (
    <details className="frame" open={open}>
      <summary>{head}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to take the focus to be scrolled by keyboard */}
      <pre className="frame-source" tabIndex={0}>
        {lines.map(({ text, number }) => (
          <span key={number} className="frame-line" data-current={number === frame.lineno}>
            <span className="frame-number">{number}</span>
            {text === '' ? ' ' : text}
            {'\n'}
          </span>
        ))}
      </pre>
      {frame.raw !== undefined && <p className="frame-raw quiet">sent as {placeOf(frame.raw)}</p>}
    </details>
  );
}

function placeOf({ filename, lineno, colno }: Pick<ErrorFrame, 'filename' | 'lineno' | 'colno'>): string {
  return [filename ?? 'unknown file', lineno, colno].filter((part) => part !== undefined).join(':');
}

function textOf({ type, value }: ErrorException, frames: readonly ErrorFrame[]): string {
  const lines = frames.map((frame) => `    at ${frame.function ?? '?'} (${placeOf(frame)})`);
  return [`${type ?? 'Error'}: ${value ?? ''}`, ...lines].join('\n');
}
