/** The composition root: the one place that names adapters and says what is started in which order. */
import { DNS_CONTEXT, dnsCommands, INSTANCE_CONTEXT, NETWORK_CONTEXT } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { CommandRouter, openServiceCore, type ComposedService } from '@weft/service';
import { DnsListener } from './adapters/dns-listener';
import { GuestViews } from './adapters/guest-views';
import { createProjectDirectory } from './adapters/project-directory';
import { RefusalBook } from './adapters/refusal-book';
import { reportsTo } from './adapters/dns-reports';
import { ZoneFollower } from './adapters/zone-follower';
import { ZoneSnapshots } from './adapters/zone-snapshots';
import { constraints } from './api/constraints';
import { GuestQuestions } from './api/guest-questions';
import { handlers } from './api/handlers';
import { foldInstanceEvents, INSTANCE_FACT_TYPES } from './api/instance-events';
import { foldNetworkEvents, NETWORK_FACT_TYPES } from './api/network-events';
import { authorizeCommand } from './commands/authorize';
import type { DnsConfig } from './dns.config';
import type { Deps } from './dns.deps';
import { migrations } from './projections/migrations';
import { zoneProjection } from './projections/zone.projection';
import { findDnsAddress } from './queries/find-dns-address';
import { ZoneContentReconciler } from './reconcilers/zone-content.reconciler';

export const SERVICE = 'dns-svc';

export interface Running extends ComposedService {
  deps: Deps;
  snapshots: ZoneSnapshots;
  listener: DnsListener;
}

export async function compose(config: DnsConfig, log: Logger): Promise<Running> {
  const core = await openServiceCore({ service: SERVICE, context: DNS_CONTEXT, config, log, projections: [zoneProjection], migrations });
  const { store, pool, nats } = core;
  const deps: Deps = { store, pool, log, projects: createProjectDirectory(pool) };
  const snapshots = new ZoneSnapshots(pool, log);
  const refusals = new RefusalBook(pool, log);
  const reports = reportsTo(refusals, log);
  const listener = new DnsListener(snapshots.source, reports.server, reports.notify, log);
  const follower = new ZoneFollower({ snapshots, listener, address: () => findDnsAddress(pool, config.dnsAddress), log });
  const questions = new GuestQuestions(new GuestViews(pool, snapshots.source), log, reports.guests);
  const reconciler = new ZoneContentReconciler(deps, SERVICE);
  core.consume({ context: INSTANCE_CONTEXT, handles: INSTANCE_FACT_TYPES, handle: foldInstanceEvents, committed: () => follower.ring() });
  core.consume({ context: NETWORK_CONTEXT, handles: NETWORK_FACT_TYPES, handle: foldNetworkEvents, committed: () => reconciler.ring() });
  core.start();
  reconciler.start();
  await follower.start(nats);
  questions.start(nats, SERVICE);
  return {
    deps,
    snapshots,
    listener,
    commands: new CommandRouter({ context: DNS_CONTEXT, commands: dnsCommands, handlers, deps, constraints, authorize: authorizeCommand }),
    async close() {
      await questions.stop();
      await follower.stop();
      await listener.close();
      await refusals.close();
      await reconciler.stop();
      await core.stop();
      await core.disconnect();
    },
  };
}
