import { nextTick } from '../../lib/cron.ts';
import type { Job } from './job.ts';

/** A slot that starts later than this is one that was caught up, ms. */
const ON_TIME_MS = 60_000;
/** Slots further back than this are counted no more, ms. */
const LOOK_BACK_MS = 35 * 86_400_000;
/** So many missed slots of one outage get a row each. */
const ROWS_AT_MOST = 20;

/** What becomes of a slot, and why. */
export interface SlotDecision {
  /** Ms since the epoch. */
  slot: number;
  become: 'run' | 'catch_up' | 'missed' | 'overlap';
}

export interface SlotDecisions {
  decisions: SlotDecision[];
  /** Missed slots beyond those in `decisions`. */
  uncounted: number;
}

/**
 * Decides every slot in `(decidedTo, now]`. Only the newest one runs: a job that was due ten times while nothing ran
 * does its work once. None runs while a run of the same job is queued or going on.
 * @param state.decidedTo slots up to here were decided before, ms since the epoch
 * @param now ms since the epoch
 */
export function decideSlots(
  job: Pick<Job, 'schedule' | 'catchUp'>,
  state: { decidedTo: number; active: boolean },
  now: number,
): SlotDecisions {
  const { slots, total } = slotsUntil(job, state.decidedTo, now);
  const newest = slots.at(-1);
  const decisions = slots.map((slot): SlotDecision => {
    const late = now - slot > ON_TIME_MS;
    if (slot !== newest) return { slot, become: state.active && !late ? 'overlap' : 'missed' };
    if (state.active) return { slot, become: 'overlap' };
    if (!late) return { slot, become: 'run' };
    return { slot, become: job.catchUp === 'latest' ? 'catch_up' : 'missed' };
  });
  return { decisions, uncounted: total - slots.length };
}

function slotsUntil({ schedule }: Pick<Job, 'schedule'>, decidedTo: number, now: number) {
  const slots: number[] = [];
  let total = 0;
  if (schedule === null) return { slots, total };
  let slot = nextTick(schedule, Math.max(decidedTo, now - LOOK_BACK_MS));
  while (slot !== null && slot <= now) {
    total += 1;
    slots.push(slot);
    if (slots.length > ROWS_AT_MOST) slots.shift();
    slot = nextTick(schedule, slot);
  }
  return { slots, total };
}
