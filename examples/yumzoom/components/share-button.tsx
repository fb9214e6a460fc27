'use client';

import { useState } from 'react';
import { linkOf } from '@/lib/restaurants/link';

/** Copies the address of a restaurant. */
export function ShareButton({ restaurant }: { restaurant: { id: number; name: string } | undefined }) {
  const [copied, setCopied] = useState(false);
  const share = () => {
    const link = linkOf(restaurant, location.origin);
    navigator.clipboard?.writeText(link).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <button type="button" className="plain" onClick={share}>
      {copied ? 'Link copied' : 'Share'}
    </button>
  );
}
