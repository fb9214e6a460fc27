import { type ReactNode, useEffect } from 'react';

export interface PageProps {
  title: string;
  /** Beside the title. */
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A page with its one heading, which also names the browser's tab. */
export function Page({ title, note, actions, children }: PageProps) {
  useTitle(title);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{title}</h1>
        {note}
        {actions !== undefined && <div className="page-head-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · YumOps`;
  }, [title]);
}
