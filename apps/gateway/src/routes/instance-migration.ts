/** Instances on their way to and from other servers (docs/adr/0016): the two ends of LXD's migration. */
import type { LxdOperation } from '@weft/contracts';
import { migrationSecrets } from '../domain/operation-secret';
import type { Deps } from '../gateway.deps';
import { started, type Reply } from '../http/reply';
import type { Call } from '../http/route';
import { dialPeer, requirePeer, type MigrationPeer } from '../sockets/migration-peer';

type GivenPeer = Parameters<typeof requirePeer>[0];

/** The secrets appear here and nowhere else (ADR 0004). */
const waiting = ({ sessionKey }: Deps, operation: LxdOperation, { project }: Call): Reply => ({
  kind: 'async',
  operation: { ...operation, metadata: migrationSecrets(sessionKey, operation.id) },
  project,
});

function calling({ nc, logger }: Deps, operation: LxdOperation, call: Call, peer: MigrationPeer): Reply {
  dialPeer(nc, operation.id, peer, logger);
  return started(operation, call);
}

interface Sending {
  live?: boolean;
  instance_only?: boolean;
  container_only?: boolean;
  target?: GivenPeer | null;
}

/** The source. With a `target` it calls the other server (push), else whoever has the secrets calls here. */
export async function sendToServer(deps: Deps, call: Call, what: { name: string; snapshot: string }, wanted: Sending): Promise<Reply> {
  const peer = wanted.target ? requirePeer(wanted.target) : undefined;
  // LXD takes a missing "live" for true.
  const order = { ...what, live: wanted.live ?? true, instanceOnly: (wanted.instance_only ?? false) || (wanted.container_only ?? false), push: !!peer };
  const operation = await deps.commands.start('instance.hand-over', order, call.meta());
  return peer ? calling(deps, operation, call, peer) : waiting(deps, operation, call);
}

/** The sink, whose operation `create` begins: in push mode it is called. */
export async function receiveFromServer(
  deps: Deps,
  call: Call,
  mode: string | undefined,
  given: GivenPeer,
  create: () => Promise<LxdOperation>,
): Promise<Reply> {
  if (mode === 'push') return waiting(deps, await create(), call);
  const peer = requirePeer(given);
  return calling(deps, await create(), call, peer);
}
