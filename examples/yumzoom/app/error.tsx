'use client';

import { captureException } from '@yumops/browser';
import { useEffect } from 'react';

/** What guests see while the kitchen is on fire. */
export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  useEffect(() => captureException(error), [error]);
  return (
    <section className="narrow">
      <h1>Something burnt</h1>
      <p>This page could not be served. We know, and someone is on it.</p>
      {error.digest && <p className="quiet">Reference {error.digest}</p>}
      <p>
        <button type="button" onClick={reset}>
          Try again
        </button>
      </p>
    </section>
  );
}
