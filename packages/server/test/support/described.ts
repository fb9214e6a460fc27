import type { FastifyInstance } from 'fastify';

interface Schema {
  type?: string | string[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

interface Operation {
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

/**
 * Where an answer and what the OpenAPI document says of it differ: what one names and the other has not, at any depth.
 * @param path as in the document: `/api/v1/rules/{name}`
 * @param body null = the answer has none
 */
export function differences(
  app: FastifyInstance,
  { method, path, status, body }: { method: string; path: string; status: number; body: unknown },
): string[] {
  const { paths } = app.swagger() as unknown as { paths: Record<string, Record<string, Operation>> };
  const response = paths[path]?.[method]?.responses[status];
  if (!response) return [`${method} ${path}: no answer ${status}`];
  const schema = response.content?.['application/json']?.schema;
  if (body === null) return schema ? [`${method} ${path}: a body is described and there is none`] : [];
  if (!schema) return [`${method} ${path}: the body is not described`];
  return differ(schema, body, `${method} ${path}`);
}

function differ(schema: Schema, value: unknown, at: string): string[] {
  const ways = schema.anyOf ?? [schema];
  if (value === null) {
    return ways.some(({ type }) => [type].flat().includes('null')) ? [] : [`${at}: null is not described`];
  }
  const way = ways.find(({ type }) => type !== 'null') ?? schema;
  if (Array.isArray(value)) {
    const { items } = way;
    return items ? value.flatMap((one, index) => differ(items, one, `${at}[${index}]`)) : [];
  }
  if (typeof value !== 'object' || !way.properties) return [];
  const { properties } = way;
  const missing = Object.keys(properties).filter((name) => !(name in value));
  return [
    ...missing.map((name) => `${at}.${name}: not in the answer`),
    ...Object.entries(value).flatMap(([name, own]) => {
      const described = properties[name];
      return described ? differ(described, own, `${at}.${name}`) : [`${at}.${name}: not described`];
    }),
  ];
}
