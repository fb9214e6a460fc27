import type { ReactNode } from 'react';
import './scroll-region.css';

interface ScrollRegionProps {
  /** What is in it, for those who hear the page. */
  label: string;
  /** Default: a table as wide as it is. */
  className?: string;
  children: ReactNode;
}

/** A part of a page that scrolls by itself, also by keyboard. */
export function ScrollRegion({ label, className = 'scroll-region', children }: ScrollRegionProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to take the focus to be scrolled by keyboard
    <section className={className} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
