import { z } from 'zod';

const time = z.string().describe('ISO 8601');
const kind = z.enum(['daily', 'weekly', 'monthly', 'quarterly']);
const unit = z.enum(['%', 'ms', 's', 'bytes', 'count', '/s', 'score']);
const value = z.number().nullable();

const todo = z.object({
  rank: z.number(),
  code: z.string(),
  subject: z.string(),
  title: z.string(),
  reason: z.string(),
  evidence: z.array(z.string()),
  href: z.string(),
  score: z.number(),
});

const delivery = z.object({
  channel: z.string(),
  target: z.string(),
  state: z.enum(['waiting', 'sent', 'failed']),
  attempts: z.number(),
  at: time.nullable(),
  reason: z.string().nullable(),
});

const item = z.object({
  id: z.string(),
  kind,
  title: z.string(),
  from: time,
  to: time,
  timeZone: z.string(),
  madeAt: time,
  madeBy: z.string(),
  sentence: z.string(),
  todo: z.array(todo),
  sent: z.array(delivery),
});

const section = z.object({
  key: z.string(),
  title: z.string(),
  state: z.enum(['known', 'unknown']),
  note: z.string().nullable(),
  figures: z.array(
    z.object({
      label: z.string(),
      value,
      unit,
      before: value.optional(),
      href: z.string(),
      note: z.string().optional(),
    }),
  ),
  tables: z.array(
    z.object({
      title: z.string(),
      columns: z.array(z.object({ label: z.string(), unit: unit.nullable() })),
      rows: z.array(z.object({ href: z.string(), cells: z.array(z.union([z.string(), z.number(), z.null()])) })),
      more: z.number(),
    }),
  ),
  charts: z.array(
    z.object({
      title: z.string(),
      unit,
      href: z.string(),
      from: time,
      stepMs: z.number(),
      values: z.array(value),
      before: z.array(value).nullable(),
    }),
  ),
  changes: z.array(
    z.object({
      direction: z.enum(['better', 'worse', 'other']),
      text: z.string(),
      rule: z.string(),
      sample: z.string(),
      href: z.string(),
    }),
  ),
});

/** `GET /api/v1/reports` */
export const reportPage = z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** `GET /api/v1/reports/:id` */
export const reportDetail = item.extend({
  service: z.string(),
  publicUrl: z.string(),
  comparedWith: z.object({ from: time, to: time }),
  considered: z.number(),
  sections: z.array(section),
});
