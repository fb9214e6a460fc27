/** Roles under which visitors of an API in front of the database come, where there is one. */
export const API_ROLES = "('anon', 'authenticated')";

/** Belongs to no extension. */
export function notOfExtension(catalog: string, id: string): string {
  return `NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '${catalog}'::regclass AND x.objid = ${id} AND x.deptype = 'e')`;
}

/** The roles of visitors that may look into a relation, as a list of names; null when none may. */
export function visitorsOf(relation: string, schema: string, rights = 'SELECT'): string {
  return `(SELECT string_agg(quote_ident(r.rolname), ', ' ORDER BY r.rolname) FROM pg_roles r
    WHERE r.rolname IN ${API_ROLES} AND has_schema_privilege(r.oid, ${schema}, 'USAGE')
      AND has_table_privilege(r.oid, ${relation}, '${rights}'))`;
}
