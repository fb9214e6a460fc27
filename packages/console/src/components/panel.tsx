import { type ReactNode, useId } from 'react';
import './panel.css';

export interface PanelProps {
  title: string;
  /** Beside the title: a count, an age. */
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  /** What it belongs to, where a page has several of one title. */
  of?: string;
}

/** A titled part of a page. `flush` lets tables reach its borders. */
export function Panel({ title, note, actions, children, flush = false, of }: PanelProps) {
  const id = useId();
  return (
    <section
      className="panel"
      {...(of === undefined ? { 'aria-labelledby': id } : { 'aria-label': `${title} of ${of}` })}
    >
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span className="panel-note">{note}</span>}
        {actions !== undefined && <div className="panel-actions">{actions}</div>}
      </header>
      <div className={flush ? 'panel-body panel-flush' : 'panel-body'}>{children}</div>
    </section>
  );
}
