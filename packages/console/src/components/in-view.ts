import { type RefObject, useEffect, useRef, useState } from 'react';

/** Whether an element has been in view since it is on the page, or close to it. */
export function useInView(): [box: RefObject<HTMLElement | null>, seen: boolean] {
  const box = useRef<HTMLElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (seen || box.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => setSeen((old) => old || entries.some((entry) => entry.isIntersecting)),
      {
        rootMargin: '200px',
      },
    );
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [seen]);
  return [box, seen];
}
