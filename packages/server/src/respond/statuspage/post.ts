import type { ComponentStatus, PostImpact, PostKind, PostStatus } from '@yumops/protocol';
import { YumOpsError } from '../../lib/errors.ts';

/** An incident or planned work, as the public is told of it. Times in ms since the epoch. */
export interface Post {
  id: string;
  kind: PostKind;
  title: string;
  impact: PostImpact;
  /** As a person set it last; see `statusAt` for planned work. */
  status: PostStatus;
  components: readonly PostComponent[];
  incidentId: string | null;
  createdBy: string;
  createdAt: number;
  /** Null = a draft. */
  publishedAt: number | null;
  publishedBy: string | null;
  startedAt: number;
  resolvedAt: number | null;
  scheduledStart: number | null;
  scheduledEnd: number | null;
  /** Oldest first. */
  updates: readonly Update[];
}

export interface PostComponent {
  id: string;
  status: ComponentStatus;
}

export interface Update {
  id: string;
  status: PostStatus;
  body: string;
  at: number;
  by: string;
}

const STATUSES: Record<PostKind, readonly PostStatus[]> = {
  incident: ['investigating', 'identified', 'monitoring', 'resolved'],
  maintenance: ['scheduled', 'in_progress', 'verifying', 'completed'],
};

/** The last status of each kind. */
const OVER: Record<PostKind, PostStatus> = { incident: 'resolved', maintenance: 'completed' };

/** @throws YumOpsError `invalid_post` (400) when the kind has no such status */
export function checkStatus(kind: PostKind, status: PostStatus): void {
  if (STATUSES[kind].includes(status)) return;
  throw new YumOpsError('invalid_post', `${kind} is never "${status}".`, {
    hint: `It is one of ${STATUSES[kind].join(', ')}.`,
    status: 400,
  });
}

/** The status with which a post begins. */
export function firstStatus(kind: PostKind): PostStatus {
  return kind === 'incident' ? 'investigating' : 'scheduled';
}

/**
 * What a post is at an instant: planned work begins and ends by the clock unless a person said otherwise.
 * @param now ms since the epoch
 */
export function statusAt(
  post: Pick<Post, 'kind' | 'status' | 'scheduledStart' | 'scheduledEnd'>,
  now: number,
): PostStatus {
  const { kind, status, scheduledStart, scheduledEnd } = post;
  if (kind === 'incident' || status === 'completed' || scheduledStart === null || scheduledEnd === null) return status;
  if (now >= scheduledEnd && status !== 'verifying') return 'completed';
  if (now >= scheduledStart && status === 'scheduled') return 'in_progress';
  return status;
}

/** Whether it is over at an instant. */
export function isOver(post: Post, now: number): boolean {
  return statusAt(post, now) === OVER[post.kind];
}

/** When it was over, ms; null = it is not. */
export function endOf(post: Post, now: number): number | null {
  if (!isOver(post, now)) return null;
  return post.resolvedAt ?? post.scheduledEnd;
}

/** What a person may begin with for a status, without a word about how the platform works inside. */
export function suggestion(status: PostStatus, components: readonly string[]): string {
  const what = components.length === 0 ? 'this' : components.join(', ');
  switch (status) {
    case 'investigating':
      return `We see problems with ${what} and are looking into them. We will write again within 30 minutes.`;
    case 'identified':
      return `We know the cause of the problems with ${what} and are working on it.`;
    case 'monitoring':
      return `${what === 'this' ? 'It' : what} should work again. We are watching it.`;
    case 'resolved':
      return `The problems with ${what} are over. We are sorry for the trouble.`;
    case 'scheduled':
      return `We are going to work on ${what}. It may not be available during that time.`;
    case 'in_progress':
      return 'The work has begun.';
    case 'verifying':
      return 'The work is done. We are checking that everything is as it should be.';
    case 'completed':
      return 'The work is finished.';
  }
}
