import { z } from 'zod';

/** A role in one project. */
export const role = z.enum(['viewer', 'responder', 'admin']);

/** A role for the whole installation; `none` = in projects only. */
export const installationRole = z.enum(['viewer', 'responder', 'admin', 'none']);

/** A project as ingest keys and records name it. */
export const projectId = z.string().regex(/^\d{1,20}$/, 'a project is a number');

/** Roles in single projects. */
export const projectRoles = z.record(projectId, role).describe('Roles in single projects, such as {"2": "viewer"}');

/** What is asked for somebody: a role for the installation, in projects, or both. */
export const grants = z
  .object({ role: installationRole.default('none'), projects: projectRoles.default({}) })
  .refine(({ role: held, projects }) => held !== 'none' || Object.keys(projects).length > 0, {
    message: 'needs a role: for the whole installation, or in a project',
  });
