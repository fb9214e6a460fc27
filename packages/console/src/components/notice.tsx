import type { ReactNode } from 'react';
import { ApiError } from '../api/problem.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';
import './notice.css';

/** Says what will be here, and what fills it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="notice">
      <p className="notice-title">{title}</p>
      {children !== undefined && <div className="notice-text">{children}</div>}
    </div>
  );
}

/** Says what failed, with its code and a retry. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = error instanceof ApiError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div className="notice notice-bad" role="alert">
      <p className="notice-title">
        <Icon name="bad" />
        {message}
      </p>
      {problem?.hint !== undefined && <p className="notice-text">{problem.hint}</p>}
      <p className="notice-facts">
        <code>{problem?.code ?? 'console_error'}</code>
        {problem?.requestId != null && <code>request {problem.requestId}</code>}
      </p>
      {retry !== undefined && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

/** Says that what is shown is older than what was asked for, and why. */
export function StaleNotice({ error, retry }: { error: unknown; retry(): void }) {
  return (
    <div className="stale" role="alert">
      <Icon name="warn" />
      <span>Shown is what was read before: {error instanceof Error ? error.message : String(error)}</span>
      <Button onClick={retry}>Try again</Button>
    </div>
  );
}

/** Stands where data will be, with the size of the data; says so to assistive technology. */
export function Loading({ what, rows = 4 }: { what: string; rows?: number }) {
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">Loading {what}</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows have no identity of their own
        <span key={row} className="loading-row" aria-hidden="true" />
      ))}
    </div>
  );
}
