import { type ReactNode, useEffect, useRef } from 'react';
import { createPortal } from 'react-dom';
import { IconButton } from './button.tsx';
import { useShortcuts } from './shortcuts.ts';
import './drawer.css';

export interface DrawerProps {
  title: string;
  close(): void;
  /** Beside the title: a link to the page of the same thing. */
  actions?: ReactNode;
  children: ReactNode;
}

/** Details at the right while the list stays. It takes the focus, Esc gives it back. */
export function Drawer({ title, close, actions, children }: DrawerProps) {
  const panel = useRef<HTMLElement>(null);
  const opener = useRef<Element | null>(null);
  useEffect(() => {
    opener.current = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
    };
  }, []);
  useShortcuts({ Escape: close });
  return createPortal(
    <aside className="drawer" aria-label={title} tabIndex={-1} ref={panel}>
      <header className="drawer-head">
        <h2 className="truncate">{title}</h2>
        <div className="drawer-actions">
          {actions}
          <IconButton icon="close" label="Close" onClick={close} />
        </div>
      </header>
      <div className="drawer-body">{children}</div>
    </aside>,
    document.body,
  );
}
