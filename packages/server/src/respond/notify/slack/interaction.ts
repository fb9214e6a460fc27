import { z } from 'zod';
import type { Reply, ReplyAction } from '../reply.ts';
import { BUTTONS } from './app.ts';

const ACTIONS: readonly ReplyAction[] = ['acknowledge', 'escalate', 'resolve', 'declare'];

const clickShape = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string().min(1), username: z.string().optional(), name: z.string().optional() }),
  container: z.object({ channel_id: z.string(), message_ts: z.string() }),
  message: z.object({ text: z.string().default(''), blocks: z.array(z.unknown()).default([]) }),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().default('') })).min(1),
});

/** A click on one of our buttons. */
export interface SlackClick {
  reply: Reply;
  /** The message that has the buttons. */
  message: { channel: string; ts: string; text: string; blocks: readonly unknown[] };
}

/** Reads the body of an interaction; undefined for whatever is no click on one of our buttons. */
export function readClick(rawBody: string): SlackClick | undefined {
  const payload = parse(new URLSearchParams(rawBody).get('payload') ?? '');
  const read = clickShape.safeParse(payload);
  if (!read.success) return undefined;
  const { user, container, message, actions } = read.data;
  const [clicked] = actions.flatMap(({ action_id: id, value }) => {
    const action = ACTIONS.find((name) => BUTTONS[name] === id);
    return action && value !== '' ? [{ action, value }] : [];
  });
  if (!clicked) return undefined;
  return {
    reply: {
      action: clicked.action,
      alerts: { message: clicked.value },
      from: { slack: user.id, name: user.username ?? user.name ?? user.id },
      via: 'slack',
    },
    message: { channel: container.channel_id, ts: container.message_ts, ...message },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
