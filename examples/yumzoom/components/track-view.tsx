'use client';

import { track } from '@yumops/browser';
import { useEffect } from 'react';

/** Tells that a guest looked at a restaurant, the first step to a rating; draws nothing. */
export function TrackView({ restaurantId }: { restaurantId: number }) {
  useEffect(() => track('restaurant_viewed', { restaurantId }), [restaurantId]);
  return null;
}
