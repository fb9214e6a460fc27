import type { Restriction } from './detection.ts';

/** What applications are told to do, for a time. Times in milliseconds since the epoch. */
export type StoredRestriction = Restriction & {
  id: string;
  project: string;
  until: number;
  /** A sentence. */
  why: string;
  detectionId: string | null;
  /** `detection`, or who set it. */
  author: string;
  createdAt: number;
};

/** What is the same restriction, whenever it was set. */
export function restrictionKey({ project, action, kind, value }: Restriction & { project: string }): string {
  return `${project}|${action}|${kind}|${value}`;
}
