/** The OpenAPI 3.1 description of the routes, from their own table and zod shapes: it cannot differ from what runs. */
import { z } from 'zod';
import { WEFT_VERSION } from './server-document';

export interface DescribedRoute {
  method: string;
  path: string;
  summary: string;
  access: string;
  body?: z.ZodType;
}

const ENVELOPE = { $ref: '#/components/schemas/Reply' };
const replies = {
  '200': { description: 'Done; `metadata` is the answer', content: { 'application/json': { schema: ENVELOPE } } },
  '202': { description: 'Under way; `metadata` is the operation', content: { 'application/json': { schema: ENVELOPE } } },
  default: { description: 'Refused; `error` says why', content: { 'application/json': { schema: ENVELOPE } } },
};

export function openApi(routes: readonly DescribedRoute[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:([A-Za-z]+)/g, '{$1}').replace('*', '{name}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route, path);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Weft', version: WEFT_VERSION, description: 'LXD-compatible REST API' },
    paths,
    components: { schemas: { Reply: REPLY } },
  };
}

function operationOf(route: DescribedRoute, path: string): object {
  const names = [...path.matchAll(/\{([A-Za-z]+)\}/g)].map((match) => match[1]);
  const inPath = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const inQuery = route.access === 'project' ? [{ name: 'project', in: 'query', required: false, schema: { type: 'string', default: 'default' } }] : [];
  return {
    summary: route.summary,
    'x-access': route.access,
    parameters: [...inPath, ...inQuery],
    ...(route.body ? { requestBody: { required: true, content: { 'application/json': { schema: bodySchema(route.body) } } } } : {}),
    responses: replies,
  };
}

/** The shape that clients send, not the one that we make of it. */
function bodySchema(body: z.ZodType): object {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
  return schema;
}

const REPLY = {
  type: 'object',
  required: ['type', 'error_code', 'error', 'metadata'],
  properties: {
    type: { enum: ['sync', 'async', 'error'] },
    status: { type: 'string' },
    status_code: { type: 'integer' },
    operation: { type: 'string', description: 'URL of the operation, when type is async' },
    error_code: { type: 'integer' },
    error: { type: 'string' },
    metadata: {},
  },
};
