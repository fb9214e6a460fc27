import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Accounts } from '../access/accounts.ts';
import { audit } from '../access/audit.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { Guard } from './access.ts';
import { installationRole, projectId, projectRoles, role } from './grant-shapes.ts';

const email = z.email().max(200);
const byEmail = z.object({ email });
const bySession = z.object({ id: z.string().min(1).max(100) });
const person = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: installationRole,
  projects: projectRoles,
  createdAt: z.string(),
  sessions: z.number(),
  lastSeenAt: z.string().nullable(),
  secondFactor: z.boolean(),
  passkeys: z.number(),
});
const session = z.object({
  id: z.string(),
  email: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  lastSeenAt: z.string(),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
});
const pageOf = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), nextCursor: z.null() });

interface PeopleDeps {
  db: Db;
  accounts: Accounts;
  guard: Guard;
  clock: Clock;
}

/** Accounts of the console for administrators, and sessions: everybody's own, or all of them for administrators. */
export function peopleRoutes(app: FastifyInstance, deps: PeopleDeps): void {
  const { people } = deps.accounts;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('admin');
  const tags = ['access'];
  const note = (request: FastifyRequest, action: string, target: string, detail = {}) =>
    audit(deps.db, { at: deps.clock.now(), actor: request.principal?.name ?? 'unknown', action, target, detail });

  routes.get(
    '/api/v1/users',
    { onRequest, schema: { summary: 'List the accounts of the console', tags, response: { 200: pageOf(person) } } },
    async () => ({ items: await people.list(), nextCursor: null }),
  );
  routes.post(
    '/api/v1/users/:email/role',
    {
      onRequest,
      schema: {
        summary: 'Change what somebody may do in the whole installation; roles in projects stay',
        ...{ tags, params: byEmail, body: z.object({ role: installationRole }) },
      },
    },
    async (request, reply) => {
      const email = request.params.email.toLowerCase();
      const { role } = request.body;
      await people.changeGrants(email, ({ projects }) => {
        if (role === 'none' && Object.keys(projects).length === 0) throw needsProject(email);
        return { role, projects };
      });
      await note(request, 'user.role', email, { role });
      return reply.code(204).send();
    },
  );
  routes.post(
    '/api/v1/users/:email/projects/:project',
    {
      onRequest,
      schema: {
        summary: 'Give somebody a role in one project, or take it away with null',
        ...{ tags, params: byEmail.extend({ project: projectId }), body: z.object({ role: role.nullable() }) },
        response: { 200: z.object({ email: z.string(), role: installationRole, projects: projectRoles }) },
      },
    },
    async (request) => {
      const email = request.params.email.toLowerCase();
      const { project } = request.params;
      const { role } = request.body;
      const grants = await people.changeGrants(email, ({ role: held, projects }) => {
        const { [project]: _, ...others } = projects;
        return { role: held, projects: role === null ? others : { ...others, [project]: role } };
      });
      await note(request, 'user.project_role', email, { project, role });
      return { email, ...grants };
    },
  );
  routes.delete(
    '/api/v1/users/:email',
    { onRequest, schema: { summary: 'Remove an account and sign it out everywhere', tags, params: byEmail } },
    async (request, reply) => {
      await people.remove(request.params.email.toLowerCase());
      await note(request, 'user.remove', request.params.email);
      return reply.code(204).send();
    },
  );
  sessionRoutes(app, deps, note);
}

function needsProject(email: string): YumOpsError {
  return new YumOpsError('no_role_left', `${email} would have no role at all.`, {
    hint: 'Give a role in a project first, or remove the account.',
    status: 409,
  });
}

function sessionRoutes(
  app: FastifyInstance,
  { accounts: { people }, guard }: PeopleDeps,
  note: (request: FastifyRequest, action: string, target: string, detail?: object) => Promise<void>,
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer', 'project');
  const tags = ['access'];
  /** Whose sessions somebody may see and end: an administrator all, everybody else their own. */
  const within = ({ principal }: FastifyRequest) => (principal?.role === 'admin' ? null : (principal?.name ?? ''));
  routes.get(
    '/api/v1/sessions',
    {
      onRequest,
      schema: {
        summary: 'Where people are signed in; your own unless you administer',
        tags,
        response: { 200: pageOf(session) },
      },
    },
    async (request) => ({ items: await people.sessions(within(request)), nextCursor: null }),
  );
  routes.delete(
    '/api/v1/sessions/:id',
    { onRequest, schema: { summary: 'Sign a browser out at once', tags, params: bySession } },
    async (request, reply) => {
      const whose = await people.endSession(request.params.id, within(request));
      await note(request, 'session.end', whose);
      return reply.code(204).send();
    },
  );
}
