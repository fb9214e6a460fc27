import { type ReactNode, type RefObject, useEffect, useState } from 'react';
import './virtual-list.css';

/** Rows kept on either side of the view, so that keys and quick scrolling find them. */
const OVERSCAN = 12;

export interface VirtualListProps<Item> {
  items: readonly Item[];
  /** Height of every row, pixels. */
  rowHeight: number;
  label: string;
  /** The element that scrolls; the list fills it. */
  box: RefObject<HTMLDivElement | null>;
  keyOf(item: Item): string;
  render(item: Item): ReactNode;
  /** Called when the end comes near. */
  onEnd?(): void;
  /** Called with the distance from the top, pixels. */
  onScroll?(top: number): void;
}

/** A list of any length of which only the rows in view are on the page. */
export function VirtualList<Item>(props: VirtualListProps<Item>) {
  const { items, rowHeight, label, box, keyOf, render, onEnd, onScroll } = props;
  const [top, setTop] = useState(0);
  const height = useHeight(box);
  const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const last = Math.min(items.length, Math.ceil((top + height) / rowHeight) + OVERSCAN);
  const nearEnd = last >= items.length - OVERSCAN;

  useEffect(() => {
    if (nearEnd) onEnd?.();
  }, [nearEnd, onEnd]);

  return (
    <div
      className="virtual"
      ref={box}
      onScroll={(event) => {
        setTop(event.currentTarget.scrollTop);
        onScroll?.(event.currentTarget.scrollTop);
      }}
    >
      <ol className="virtual-rows" aria-label={label} style={{ height: items.length * rowHeight }}>
        {items.slice(first, last).map((item, index) => (
          <li
            key={keyOf(item)}
            className="virtual-row"
            style={{ height: rowHeight, transform: `translateY(${(first + index) * rowHeight}px)` }}
            aria-setsize={items.length}
            aria-posinset={first + index + 1}
          >
            {render(item)}
          </li>
        ))}
      </ol>
    </div>
  );
}

function useHeight(box: RefObject<HTMLDivElement | null>): number {
  const [height, setHeight] = useState(800);
  useEffect(() => {
    if (box.current === null) return;
    const observer = new ResizeObserver(([entry]) => setHeight(entry?.contentRect.height ?? 800));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [box]);
  return height;
}
