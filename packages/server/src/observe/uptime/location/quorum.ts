import type { MonitorState } from '@yumops/protocol';
import { formatDuration } from '../../../lib/duration.ts';
import type { LocationState } from './location-state.ts';

/** What decides over the views of several places. */
export interface QuorumPolicy {
  locations: readonly string[];
  /** Places that must see it down before it is down. */
  quorum: number;
  /** A view older than this, in milliseconds, does not count. */
  staleMs: number;
}

/** What several places see together. */
export interface JointView {
  state: MonitorState;
  reason: string | null;
}

/** A place is silent after it missed two checks, but not for a moment's delay on the way. */
export function staleAfter({ intervalMs, timeoutMs }: { intervalMs: number; timeoutMs: number }): number {
  return Math.max(30_000, 2 * intervalMs + timeoutMs);
}

/**
 * Joins the views of all places. It is down when `quorum` places see it down, degraded when fewer do, and unknown when
 * it is seen down but too few places report to agree, or none does. A place that is silent, or has no network of its own,
 * has no vote.
 * @param now milliseconds since the epoch
 */
export function joinViews(states: readonly LocationState[], policy: QuorumPolicy, now: number): JointView {
  const fresh = states.filter((view) => policy.locations.includes(view.location) && isFresh(view, policy, now));
  const heard = fresh.filter(({ state }) => state === 'up' || state === 'degraded' || state === 'down');
  const down = heard.filter(({ state }) => state === 'down');
  if (heard.length === 0) return unheard(states, fresh, policy);
  if (down.length >= policy.quorum) return { state: 'down', reason: agreed(down, policy) };
  if (down.length > 0) return disputed(down, heard, policy);
  const slow = heard.filter(({ state }) => state === 'degraded');
  if (slow[0]) return { state: 'degraded', reason: `From ${names(slow)}: ${slow[0].reason ?? 'it is degraded.'}` };
  return { state: 'up', reason: null };
}

function isFresh({ lastCheckedAt }: LocationState, { staleMs }: QuorumPolicy, now: number): boolean {
  return lastCheckedAt !== null && now - lastCheckedAt <= staleMs;
}

function unheard(all: readonly LocationState[], fresh: readonly LocationState[], policy: QuorumPolicy): JointView {
  if (fresh.some(({ state }) => state === 'pending')) return { state: 'pending', reason: null };
  const cut = fresh.filter(({ state }) => state === 'network-down');
  if (cut[0] && cut.length === fresh.length) {
    return { state: 'network-down', reason: `No place that reports has a network: ${names(cut)}.` };
  }
  if (fresh[0]) return { state: 'unknown', reason: `From ${names(fresh)}: ${fresh[0].reason ?? 'no result.'}` };
  const silent = policy.locations.join(', ');
  if (!all.some(({ lastCheckedAt }) => lastCheckedAt !== null)) {
    return { state: 'unknown', reason: `No probe agent has reported from ${silent} yet.` };
  }
  return { state: 'unknown', reason: `No location has reported for ${formatDuration(policy.staleMs)}: ${silent}.` };
}

function agreed(down: readonly LocationState[], { locations }: QuorumPolicy): string {
  return `Down from ${names(down)} (${down.length} of ${locations.length} locations): ${down[0]?.reason ?? 'it failed.'}`;
}

function disputed(down: readonly LocationState[], heard: readonly LocationState[], policy: QuorumPolicy): JointView {
  const { quorum, locations } = policy;
  const why = down[0]?.reason ?? 'it failed.';
  if (heard.length < quorum) {
    const who = `only ${heard.length} of ${locations.length} locations ${heard.length === 1 ? 'reports' : 'report'}`;
    return { state: 'unknown', reason: `Down from ${names(down)}, but ${who} and ${quorum} must agree: ${why}` };
  }
  const others = heard.filter(({ state }) => state !== 'down');
  const reason = `Down from ${names(down)} but not from ${names(others)}; ${quorum} must agree: ${why}`;
  return { state: 'degraded', reason };
}

function names(states: readonly LocationState[]): string {
  const list = states.map(({ location }) => location);
  return list.length < 2 ? list.join('') : `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`;
}
