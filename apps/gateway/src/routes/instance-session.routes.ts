/** Exec and console: operations whose bytes flow over websockets (sockets/operation.socket.ts). */
import { instanceConsolePost, instanceExecPost, WeftError, type LxdOperation } from '@weft/contracts';
import { EXEC_FDS, operationFds, type Fd } from '../domain/operation-secret';
import type { Deps } from '../gateway.deps';
import { empty, started, type Reply } from '../http/reply';
import { route, type Route } from '../http/route';
import { locate } from '../queries/instance.query';
import { underEachCollection } from './instance.routes';

export const instanceSessionRoutes = (deps: Deps): Route[] =>
  underEachCollection((prefix) => [execRoute(deps, `${prefix}/exec`), ...consoleRoutes(deps, `${prefix}/console`)]);

/** The secrets appear here and nowhere else (ADR 0004). */
function withFds(deps: Deps, operation: LxdOperation, project: string, fds: readonly Fd[]): Reply {
  const metadata = { ...operation.metadata, fds: operationFds(deps.sessionKey, operation.id, fds) };
  return { kind: 'async', operation: { ...operation, metadata }, project };
}

function execRoute(deps: Deps, path: string): Route {
  return route({
    method: 'POST',
    path,
    summary: 'Run a command in an instance',
    access: 'project',
    body: instanceExecPost,
    handle: async (call) => {
      const { 'wait-for-websocket': waitForWebsocket, 'record-output': recordOutput, ...rest } = call.body;
      if (waitForWebsocket && recordOutput) throw new WeftError('request.invalid', 'Output cannot be recorded and sent over websockets at the same time');
      const operation = await deps.commands.start('instance.exec', { name: call.params.name ?? '', ...rest, waitForWebsocket, recordOutput }, call.meta());
      if (!waitForWebsocket) return started(operation, call);
      return withFds(deps, operation, call.project, rest.interactive ? EXEC_FDS.interactive : EXEC_FDS.plain);
    },
  });
}

function consoleRoutes(deps: Deps, path: string): Route[] {
  return [
    route({
      method: 'POST',
      path,
      summary: 'Attach to the console of an instance',
      access: 'project',
      body: instanceConsolePost,
      handle: async (call) => {
        const { width, height, type } = call.body;
        if (type !== '' && type !== 'console') throw new WeftError('request.unsupported', 'This server offers the text console only');
        const operation = await deps.commands.start('instance.console', { name: call.params.name ?? '', width, height, type: 'console' }, call.meta());
        return withFds(deps, operation, call.project, EXEC_FDS.interactive);
      },
    }),
    route({
      method: 'GET',
      path,
      summary: 'What the console has shown lately',
      access: 'project',
      handle: async (call) => {
        const { member, spec } = await locate(deps, call.params.name ?? '', call.meta());
        const { text } = await deps.commands.ask<{ text: string }, 'console.log'>(member, 'console.log', { instance: spec }, call.meta());
        return { kind: 'raw', contentType: 'application/octet-stream', body: Buffer.from(text) };
      },
    }),
    route({
      method: 'DELETE',
      path,
      summary: 'Clear the console log',
      access: 'project',
      handle: async (call) => {
        const { member, spec } = await locate(deps, call.params.name ?? '', call.meta());
        await deps.commands.ask(member, 'console.clear', { instance: spec }, call.meta());
        return empty;
      },
    }),
  ];
}
