import { derivedId, type InstanceCommandBody, type InstanceType, type Meta } from '@weft/contracts';
import { nicsOf } from '../domain/nic-identity';
import type { Deps } from '../instance.deps';
import { findInstanceByUuid } from '../queries/find-instance';

/** Answered by people: they are told soon that the network service is not there. */
const CHECK_LIMIT_MS = 10_000;

export interface Equipped {
  /** The instance's, or a profile's. */
  id: string;
  /** "" for a profile. */
  name: string;
  type: InstanceType;
  /** Expanded. */
  config: Record<string, string>;
  devices: Record<string, Record<string, string>>;
}

/**
 * What the network service has against the NICs of an instance, before anything is written: unknown networks and ACLs,
 * addresses that are taken or out of range... Costs nothing without NICs.
 * @param exists the instance has ports already, which are not in its own way
 * @throws the network service's refusal, or WeftError `service.unavailable`
 */
export async function checkPorts({ networks }: Pick<Deps, 'networks'>, meta: Meta, { id, name, type, ...content }: Equipped, exists: boolean): Promise<void> {
  const nics = nicsOf({ id, ...content });
  if (Object.keys(nics).length === 0) return;
  const body = { instanceName: name, type, nics, ...(exists ? { instanceId: id } : {}) };
  await networks.call('port.check', body, { meta, commandId: derivedId(meta.commandId, 'port.check', id), timeoutMs: CHECK_LIMIT_MS });
}

/**
 * The same for a new instance. LXD's clients move one to another project by a copy that stays the same instance
 * (`volatile.uuid`), and delete the source behind it: what the source has is not in its way.
 * @returns `portsLater`: its NICs are those of an instance that is still there
 */
export async function checkNewPorts(
  deps: Pick<Deps, 'networks' | 'pool'>,
  meta: Meta,
  { config }: Pick<InstanceCommandBody<'instance.create'>, 'config'>,
  instance: Equipped,
): Promise<{ portsLater: boolean }> {
  const uuid = config['volatile.uuid'];
  const source = uuid ? await findInstanceByUuid(deps.pool, uuid) : undefined;
  await checkPorts(deps, meta, { ...instance, id: source ?? instance.id }, source !== undefined);
  return { portsLater: source !== undefined };
}
