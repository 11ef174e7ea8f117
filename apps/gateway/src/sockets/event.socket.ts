/**
 * `GET /1.0/events` (LXD 5.0 "Events"): a websocket with one JSON text message per event.
 *
 * A listener hears its project's events and those of no project; logging is for unrestricted clients. A client that
 * does not take its messages is dropped before it costs memory; one that does not answer pings is gone.
 */
import type { WebSocket } from 'ws';
import { WeftError } from '@weft/contracts';
import type { EventHub, LiveEvent } from '../clients/event.hub';
import type { TrustStore } from '../clients/trust.client';
import { canSeeOperation, canSeeProject, isTrusted, visibleProjects, type Actor } from '../domain/policy';

const PING_INTERVAL_MS = 10_000;
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const POLICY_VIOLATION = 1008;
const KNOWN_TYPES = new Set(['operation', 'lifecycle', 'logging']);

/** Which events a connection wants and may have. Throws what the client is refused with, before the upgrade. */
export function eventSelection(actor: Actor, query: URLSearchParams): (event: LiveEvent) => boolean {
  if (!isTrusted(actor)) throw new WeftError('auth.forbidden', 'not authorized');
  const all = query.get('all-projects') === 'true';
  if (all && query.has('project')) throw new WeftError('request.invalid', "Cannot specify a project when listening to all projects' events");
  const types = typesOf(query.get('type') ?? '', actor);
  const projects = all ? visibleProjects(actor) : [query.get('project') || 'default'];
  if (!all && projects !== null && !projects.every((project) => canSeeProject(actor, project))) throw new WeftError('auth.forbidden', 'not authorized');
  return (event) => {
    if (!types.has(event.type)) return false;
    // Restricted clients hear nothing about things outside of projects.
    if (event.project === undefined) return actor.kind === 'unrestricted';
    if (projects !== null && !projects.includes(event.project)) return false;
    return event.operation === undefined || canSeeOperation(actor, { project: event.project, class: event.operation.class });
  };
}

function typesOf(text: string, actor: Actor): ReadonlySet<string> {
  const allowed = actor.kind === 'unrestricted' ? KNOWN_TYPES : new Set(['operation', 'lifecycle']);
  if (text === '') return allowed;
  const wanted = text.split(',');
  const unknown = wanted.find((type) => !KNOWN_TYPES.has(type));
  if (unknown !== undefined) throw new WeftError('request.invalid', `"${unknown}" isn't a supported event type`);
  if (wanted.some((type) => !allowed.has(type))) throw new WeftError('auth.forbidden', 'not authorized');
  return new Set(wanted);
}

export function serveEvents(socket: WebSocket, hub: EventHub, wants: (event: LiveEvent) => boolean): void {
  const stop = hub.listen((event) => {
    if (!wants(event)) return;
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) socket.close(POLICY_VIOLATION, 'too slow');
    else socket.send(event.json);
  });
  keepAlive(socket);
  socket.on('close', stop);
  socket.on('error', () => socket.terminate());
}

/** What a listener may hear was decided when it came: when its certificate's rights change, it has to come again. */
export function endWithRights(socket: WebSocket, trust: TrustStore, actor: Actor, identify: () => Promise<Actor>): void {
  const before = rightsOf(actor);
  const stop = trust.onChange(() => {
    identify().then(
      (now) => rightsOf(now) !== before && socket.close(POLICY_VIOLATION, 'rights have changed'),
      () => socket.close(POLICY_VIOLATION, 'rights are not known'),
    );
  });
  socket.on('close', stop);
}

const rightsOf = ({ kind, projects }: Actor): string => JSON.stringify([kind, projects]);

/** Pings as LXD does; a peer that misses two in a row is dead. */
export function keepAlive(socket: WebSocket): void {
  let missed = 0;
  const timer = setInterval(() => {
    missed += 1;
    if (missed > 2) socket.terminate();
    else socket.ping('keepalive');
  }, PING_INTERVAL_MS).unref();
  socket.on('pong', () => (missed = 0));
  socket.on('message', () => (missed = 0));
  socket.on('close', () => clearInterval(timer));
}
