import type { Page, ProjectItem } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { listProjects } from '../access/projects.ts';
import type { Db } from '../lib/db.ts';
import { type Guard, includesRole, type Principal, type Role } from './access.ts';

/** `GET /api/v1/projects`: what the caller reaches; who reaches the whole installation, every project that is known. */
export function projectRoutes(app: FastifyInstance, { db, guard }: { db: Db; guard: Guard }): void {
  const item = z.object({ id: z.string(), role: z.enum(['viewer', 'responder', 'admin']) });
  app.get(
    '/api/v1/projects',
    {
      onRequest: guard('viewer', 'project'),
      schema: {
        summary: 'The projects that the caller reaches, and as what',
        tags: ['access'],
        response: { 200: z.object({ items: z.array(item), nextCursor: z.null() }) },
      },
    },
    async ({ principal }): Promise<Page<ProjectItem>> => {
      const { role, projects = {} } = principal as Principal;
      const ids =
        role === 'none' ? Object.keys(projects) : [...new Set([...(await listProjects(db)), ...Object.keys(projects)])];
      const roleIn = (id: string): Role => {
        const own = projects[id];
        if (role === 'none') return own as Role;
        return own !== undefined && includesRole(own, role) ? own : role;
      };
      return { items: ids.map((id) => ({ id, role: roleIn(id) })), nextCursor: null };
    },
  );
}
