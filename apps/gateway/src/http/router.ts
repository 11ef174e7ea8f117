/**
 * From a table of routes to Fastify: identity, policy, bounded and validated body, handler, envelope, errors. Routes
 * are registered on Fastify itself, without Nest's controller pipeline: ADR 0003 has the measurement.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { currentTraceparent, type Logger } from '@weft/platform';
import { derivedId, newId, WeftError, type Meta } from '@weft/contracts';
import { isAllowed, type Actor, type Need } from '../domain/policy';
import { MAX_JSON_BYTES, parseJson, readBody, validate } from './body';
import { errorEnvelope } from './envelope';
import { publicError } from './errors';
import { write } from './reply';
import type { Call, Route } from './route';
import { traceparentOf, traced } from './trace';

export interface RouterOptions {
  identify(request: FastifyRequest['raw']): Actor | Promise<Actor>;
  /** Called once for every answer: metrics, logging events. */
  observe(request: FastifyRequest, reply: FastifyReply, actor: Actor | undefined): void;
  logger: Logger;
}

const NO_QUERY: Readonly<Record<string, string>> = Object.freeze({});
const MAX_PROJECT = 255;

export function registerRoutes(app: FastifyInstance, routes: readonly Route[], options: RouterOptions): void {
  // Bodies are read by the routes that want them, so that uploads stream and limits are ours.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  for (const route of routes) {
    app.route({ method: route.method, url: route.path, exposeHeadRoute: false, handler: handlerOf(route, options) });
  }
  for (const [url, method] of missingMethods(routes))
    app.route({ method, url, handler: (request, reply) => fail(request, reply, unsupported(request), options) });
  app.all('/*', (request, reply) => fail(request, reply, new WeftError('request.not-found', 'not found'), options));
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** LXD answers 501 to a method that an address does not have, and 404 only to an address that it does not know. */
function missingMethods(routes: readonly Route[]): [path: string, methods: string[]][] {
  const paths = [...new Set(routes.map(({ path }) => path))];
  return paths
    .map((path): [string, string[]] => [path, METHODS.filter((method) => !routes.some((route) => route.path === path && route.method === method))])
    .filter(([, methods]) => methods.length > 0);
}

const unsupported = ({ method, url }: FastifyRequest): WeftError =>
  new WeftError('request.unsupported', `This server does not implement ${method} ${url.split('?')[0] ?? ''}`);

const handlerOf = (route: Route, options: RouterOptions) =>
  traced(route, async (request, reply) => {
    let actor: Actor | undefined;
    try {
      const identified = options.identify(request.raw);
      actor = identified instanceof Promise ? await identified : identified;
      const call = callOf(request, actor);
      if (!isAllowed(actor, needOf(route, call))) throw new WeftError('auth.forbidden', 'not authorized');
      if (route.body) call.body = validate(route.body, parseJson(await readBody(request.raw, MAX_JSON_BYTES)));
      write(reply, await route.handle(call));
      options.observe(request, reply, actor);
      return reply;
    } catch (error) {
      return fail(request, reply, error, options, actor);
    }
  });

function needOf(route: Route, call: Call): Need {
  return route.access === 'project' ? { kind: 'project', project: call.project } : { kind: route.access };
}

function callOf(request: FastifyRequest, actor: Actor): Call {
  const query = singleValued(request.query as Record<string, string | string[]>);
  const project = query.project === undefined || query.project === '' ? 'default' : query.project;
  if (project.length > MAX_PROJECT) throw new WeftError('request.invalid', 'The project name is too long');
  // Postgres cannot even be asked for a text with a NUL.
  if (request.url.includes('%00')) throw new WeftError('request.invalid', 'The URL must not contain NUL');
  const headers = request.headers;
  return {
    actor,
    project,
    params: request.params as Record<string, string>,
    query,
    body: undefined,
    headers,
    raw: request.raw,
    request,
    ifMatch: headers['if-match']?.replace(/^"|"$/g, ''),
    meta: () => metaOf(request, actor, project),
  };
}

function singleValued(query: Record<string, string | string[]>): Readonly<Record<string, string>> {
  let plain = true;
  let any = false;
  for (const key in query) {
    any = true;
    if (typeof query[key] !== 'string') plain = false;
  }
  if (!any) return NO_QUERY;
  if (plain) return query as Record<string, string>;
  return Object.fromEntries(Object.entries(query).map(([key, value]) => [key, Array.isArray(value) ? (value[0] ?? '') : value]));
}

function metaOf(request: FastifyRequest, actor: Actor, project: string): Meta {
  const key = request.headers['idempotency-key'];
  if (Array.isArray(key) || (key !== undefined && (key === '' || key.length > 255))) {
    throw new WeftError('request.invalid', 'Idempotency-Key must be one value of 1 to 255 characters');
  }
  const commandId = key === undefined ? newId() : derivedId('http', actor.protocol, actor.username, project, key);
  return {
    actor: { protocol: actor.protocol, username: actor.username, address: actor.address, projects: actor.projects === null ? null : [...actor.projects] },
    project,
    requestId: newId(),
    correlationId: key === undefined ? newId() : derivedId('operation', commandId),
    commandId,
    traceparent: currentTraceparent() ?? traceparentOf(request.headers),
  };
}

function fail(request: FastifyRequest, reply: FastifyReply, error: unknown, options: RouterOptions, actor?: Actor): FastifyReply {
  const known = publicError(error);
  if (known.status >= 500) options.logger.error({ err: error, method: request.method, url: request.url }, 'request failed');
  reply.code(known.status);
  options.observe(request, reply, actor);
  // What the client still sends after a refusal is not read: the connection ends with the reply.
  if (bodyPending(request)) reply.header('connection', 'close');
  return reply.header('x-content-type-options', 'nosniff').header('content-type', 'application/json').send(errorEnvelope(known.status, known.message));
}

/** URLs that match nothing because they are malformed or far too long. */
export function refuseUrl(_error: Error, _request: FastifyRequest, reply: FastifyReply): void {
  void reply.code(400).header('content-type', 'application/json').send(errorEnvelope(400, 'The URL is not valid'));
}

function bodyPending({ raw }: FastifyRequest): boolean {
  return !raw.complete && (raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length'] ?? 0) > 0);
}
