import type { CSSProperties, ReactNode } from 'react';

/** The colour of each cuisine, as the hue of oklch. */
const HUES: Record<string, number> = {
  Italian: 25,
  Japanese: 352,
  Mexican: 62,
  Indian: 48,
  Vegan: 150,
  Seafood: 228,
  Thai: 178,
  Burgers: 75,
  Bakery: 322,
  Korean: 285,
};

/** Line drawings on a grid of 48, one for each cuisine. */
const DRAWINGS: Record<string, ReactNode> = {
  Italian: (
    <>
      <path d="M6 14c12-7 24-7 36 0L24 43z" />
      <path d="M9 19c10-5 20-5 30 0" />
      <circle cx="20" cy="24" r="2.5" />
      <circle cx="28" cy="27" r="2.5" />
      <circle cx="24" cy="34" r="2" />
    </>
  ),
  Japanese: (
    <>
      <path d="M5 22h38c0 10-7 18-19 18S5 32 5 22z" />
      <path d="M14 22c1-6 5-6 6 0M22 22c1-7 6-7 7 0M31 22c1-5 4-5 5 0" />
      <path d="M30 4l-8 14M37 6L27 18" />
    </>
  ),
  Mexican: (
    <>
      <path d="M4 34c0-12 9-20 20-20s20 8 20 20z" />
      <path d="M8 25c1-8 8-14 17-15 6 0 10 2 13 6" />
      <path d="M13 34c0-7 5-12 11-12" />
    </>
  ),
  Indian: (
    <>
      <path d="M6 20h36l-3 14a7 7 0 0 1-7 6H16a7 7 0 0 1-7-6z" />
      <path d="M3 20h42" />
      <path d="M17 14c-3-3 3-5 0-9M25 14c-3-3 3-5 0-9M33 14c-3-3 3-5 0-9" />
    </>
  ),
  Vegan: (
    <>
      <path d="M8 40C6 20 18 8 41 7c1 22-10 34-29 30" />
      <path d="M8 41c6-13 14-20 24-25" />
      <path d="M17 29l-2-8M24 23l-1-8M22 33l9-1" />
    </>
  ),
  Seafood: (
    <>
      <path d="M4 24c8-12 22-13 31-3l9-7v20l-9-7c-9 10-23 9-31-3z" transform="scale(-1 1) translate(-48 0)" />
      <circle cx="36" cy="21" r="1.6" />
      <path d="M28 17c-3 4-3 10 0 14M21 20c2 3 2 5 0 8" />
    </>
  ),
  Thai: (
    <>
      <path d="M5 24h38c-1 9-8 16-19 16S6 33 5 24z" />
      <path d="M12 24c0-9 5-14 5-18M20 24c0-9 5-12 5-18M28 24c0-8 5-11 5-17" />
      <path d="M17 44h14" />
    </>
  ),
  Burgers: (
    <>
      <path d="M6 20c0-9 8-13 18-13s18 4 18 13z" />
      <path d="M5 26c4 4 7 0 11 2s7 3 11 0 8-1 16-2" />
      <path d="M6 33h36c0 5-3 8-8 8H14c-5 0-8-3-8-8z" />
      <path d="M17 13h.1M25 12h.1M32 15h.1" />
    </>
  ),
  Bakery: (
    <>
      <path d="M8 20h26v12a9 9 0 0 1-9 9h-8a9 9 0 0 1-9-9z" />
      <path d="M34 23h3a5 5 0 0 1 0 11h-3" />
      <path d="M15 14c-2-3 3-4 0-8M22 14c-2-3 3-4 0-8M29 14c-2-3 3-4 0-8" />
    </>
  ),
  Korean: (
    <>
      <path d="M5 24h38c0 5-2 9-4 12a10 10 0 0 1-8 4H17a10 10 0 0 1-8-4c-2-3-4-7-4-12z" />
      <path d="M10 24c1-7 8-10 14-10s13 3 14 10" />
      <circle cx="24" cy="20" r="2.5" />
      <path d="M18 9c-2-2 2-3 0-6M30 9c-2-2 2-3 0-6" />
    </>
  ),
};

/** The picture of a cuisine: its drawing on a colour of its own, turned a little for each restaurant. */
export function CuisineArt({
  cuisine,
  seed = 0,
  className = '',
}: {
  cuisine: string;
  seed?: number;
  className?: string;
}) {
  const hue = (HUES[cuisine] ?? 0) + (seed % 5) * 3;
  const style = { '--hue': hue, '--turn': `${(seed % 9) * 20}deg` } as CSSProperties;
  return (
    <div className={`art ${className}`} style={style} aria-hidden="true">
      <svg viewBox="0 0 48 48" aria-hidden="true">
        {DRAWINGS[cuisine]}
      </svg>
    </div>
  );
}
