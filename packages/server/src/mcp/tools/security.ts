import { z } from 'zod';
import { tool } from '../tool.ts';

export const securityTools = [
  tool({
    name: 'list_detections',
    title: 'Attacks that were found',
    description: 'Attacks on sign-ins and paths, with address, network or account, evidence and what is blocked now.',
    input: z.object({}),
    async run(api) {
      const { items } = await api.get<{ items: unknown[] }>('/api/v1/security/detections');
      const blocks = await api.get<{ items: unknown[] }>('/api/v1/security/blocks');
      return { items: items.slice(0, 50), blocks: blocks.items.slice(0, 50), link: '/security' };
    },
  }),
];
