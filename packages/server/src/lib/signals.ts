/**
 * Words between the instances of one platform, at once and without a promise: one that is lost is made good by looking
 * again later. Implemented in `store/state`.
 */
export interface Signals {
  /** @param text up to 7,000 bytes */
  send(channel: string, text: string): Promise<void>;
  /** Calls `hear` for every word on the channel, also for this instance's own. @returns a function that ends it */
  listen(channel: string, hear: (text: string) => void): () => void;
  /** Calls `gap` when words may have been missed: after the connection was lost and stands again. @returns ends it */
  onGap(gap: () => void): () => void;
}
