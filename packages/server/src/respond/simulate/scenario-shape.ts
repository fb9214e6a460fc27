import { z } from 'zod';
import { durationShape, labelsShape, textsShape } from '../../lib/section.ts';

/** Seconds as a number, or a duration, counted from the start of the scenario; a minus sign lies before it. */
const offsetShape = z.union([z.number(), z.string()], 'expected an offset such as 90, 1.5 or 5m');

const lineShape = z.strictObject({
  at: offsetShape,
  until: offsetShape.optional(),
  every: durationShape.optional(),
  instance: z.int().positive().optional(),
});

const amountShape = z.int().nonnegative();

/** The shape of an item of `input:`, by the key that names its kind. */
export const INPUT_SHAPES = {
  requests: lineShape.extend({
    requests: amountShape,
    failed: amountShape.optional(),
    duration_ms: z.number().nonnegative().optional(),
    labels: labelsShape.optional(),
  }),
  outbound: lineShape.extend({
    outbound: amountShape,
    failed: amountShape.optional(),
    duration_ms: z.number().nonnegative().optional(),
    labels: labelsShape.optional(),
  }),
  event: lineShape.extend({
    event: z.string().min(1),
    count: amountShape.optional(),
    level: z.enum(['debug', 'info', 'warn', 'error', 'fatal']).optional(),
    labels: labelsShape.optional(),
  }),
  gauge: lineShape.extend({ gauge: z.string().min(1), value: z.number(), labels: labelsShape.optional() }),
  ping: lineShape.extend({
    ping: z.strictObject({
      monitor: z.string(),
      signal: z.enum(['start', 'success', 'fail']).optional(),
      exit: z.int().optional(),
    }),
  }),
  alert: lineShape.extend({
    alert: z.strictObject({
      labels: labelsShape,
      annotations: labelsShape.optional(),
      starts: offsetShape.optional(),
      ends: offsetShape.optional(),
    }),
  }),
  check: lineShape.extend({
    check: z.strictObject({ monitor: z.string(), ok: z.boolean(), reason: z.string().optional() }),
  }),
};

const answerShape = z.union([z.int().min(200).max(599), z.literal('timeout')], 'expected a status or timeout');

/** The shape of an item of `do:`, by the key that names its kind. */
export const ACTION_SHAPES = {
  ack: z.strictObject({
    at: offsetShape,
    ack: z.strictObject({ rule: z.string(), by: z.string(), via: z.string().optional() }),
  }),
  crash: z.strictObject({
    at: offsetShape,
    crash: z.strictObject({
      for: durationShape,
      instance: z
        .union([z.int().positive(), z.literal('leader')], 'expected the number of an instance, or leader')
        .optional(),
    }),
  }),
  silence: z.strictObject({
    at: offsetShape,
    silence: z.strictObject({
      id: z.string().min(1),
      matchers: z.array(z.string()).min(1),
      from: offsetShape.optional(),
      to: offsetShape.optional(),
    }),
  }),
  unsilence: z.strictObject({ at: offsetShape, unsilence: z.string().min(1) }),
  reload: z.strictObject({ at: offsetShape, reload: z.record(z.string(), z.unknown()) }),
  clock: z.strictObject({ at: offsetShape, clock: z.strictObject({ jump: offsetShape }) }),
  receiver: z.strictObject({
    at: offsetShape,
    receiver: z.strictObject({
      channel: z.string(),
      target: z.string().optional(),
      answer: answerShape.optional(),
      retry_after: durationShape.optional(),
      delay: durationShape.optional(),
      until: offsetShape.optional(),
    }),
  }),
};

const expectedAlertShape = z.strictObject({
  name: z.string().optional(),
  status: z.enum(['firing', 'resolved']).optional(),
  labels: labelsShape.optional(),
  annotations: labelsShape.optional(),
  starts: offsetShape.optional(),
  ends: offsetShape.optional(),
});

const expectedMessageShape = z.strictObject({
  at: offsetShape,
  within: durationShape.optional(),
  channel: z.string(),
  target: z.string().optional(),
  kind: z.enum(['firing', 'update', 'repeat', 'resolved', 'acknowledged', 'meta']).optional(),
  rule: z.string().optional(),
  step: z.int().nonnegative().optional(),
  attempt: z.int().positive().optional(),
  answer: answerShape.optional(),
  reason: z.string().optional(),
  alerts: z.array(expectedAlertShape).optional(),
});

const expectedStateShape = z.strictObject({
  at: offsetShape,
  within: durationShape.optional(),
  state: z.enum(['inactive', 'pending', 'firing', 'resolved', 'insufficient', 'nodata']),
  rule: z.string(),
  labels: labelsShape.optional(),
});

/** The shape of an item of `expect:`, by the key that names its kind. */
export const EXPECT_SHAPES = { channel: expectedMessageShape, state: expectedStateShape };

/** A scenario file as written; the items of its lists are checked one by one. */
export const scenarioShape = z.strictObject({
  scenario: z.string().min(1).describe('What is tried, in a few words'),
  start: z.string().optional().describe('The instant at which it begins, in ISO form'),
  duration: durationShape.describe('How long it lasts'),
  eval_interval: durationShape.optional().describe('Time between two evaluations of every rule'),
  instances: z.int().min(1).max(8).optional().describe('Engines on one store, default 1'),
  config: z.record(z.string(), z.unknown()).optional().describe('The configuration, or files: [alert-rules.yml]'),
  files: textsShape.optional().describe('Files of the configuration, relative to this one'),
  input: z.array(z.unknown()).optional().describe('What happens to the application'),
  do: z.array(z.unknown()).optional().describe('What happens to YumOps, its people and its receivers'),
  expect: z.array(z.unknown()).optional().describe('Messages and states that must come'),
  exact: z.boolean().optional().describe('True = any other delivered message is a failure'),
});

export type RawScenario = z.infer<typeof scenarioShape>;
type Raw<Shapes extends Record<string, z.ZodType>> = { [Kind in keyof Shapes]: z.infer<Shapes[Kind]> };
export type RawInputs = Raw<typeof INPUT_SHAPES>;
export type RawActions = Raw<typeof ACTION_SHAPES>;
export type RawExpectations = Raw<typeof EXPECT_SHAPES>;
