import { expect, it } from 'vitest';
import { afterStep, type Run, runStep } from './runs.ts';

const MINUTE = 60_000;

/** `start@0 fail@5`: check-ins of one run with the minute at which they came. */
function steps(story: string, maxMinutes: number | null): string {
  let run: Run | null = null;
  const seen = story.split(' ').map((word) => {
    const [kind = '', minute] = word.split('@');
    const at = Number(minute) * MINUTE;
    const step = runStep(run, { kind: kind as 'start', at }, maxMinutes === null ? null : maxMinutes * MINUTE);
    run = afterStep(run, step, at);
    return step;
  });
  return seen.join(' ');
}

it.each<[story: string, maxMinutes: number | null, steps: string]>([
  ['success@3', 5, 'ends'],
  ['start@0 success@3', 5, 'begins ends'],
  ['start@0 success@90', 5, 'begins ends'],
  ['start@0 start@1 success@2', 5, 'begins repeats ends'],
  ['start@0 success@3 fail@5', 5, 'begins ends corrects'],
  ['start@0 success@3 fail@6', 5, 'begins ends ignored'],
  ['start@0 success@3 fail@4 success@5 fail@6', 5, 'begins ends corrects corrects ignored'],
  ['start@0 success@90 fail@91', 5, 'begins ends ignored'],
  ['success@3 fail@8', 5, 'ends corrects'],
  ['success@3 fail@9', 5, 'ends ignored'],
  ['success@3 start@4 fail@5', 5, 'ends repeats corrects'],
  ['start@0 success@3 start@9 success@10 fail@11', 5, 'begins ends begins ends corrects'],
  ['start@0 start@6 success@7', 5, 'begins begins ends'],
  ['start@0 success@3 fail@30', null, 'begins ends corrects'],
  ['start@0 success@3 fail@31', null, 'begins ends ignored'],
])('%s, runs of %s minutes: %s', (story, maxMinutes, expected) => {
  expect(steps(story, maxMinutes)).toBe(expected);
});
