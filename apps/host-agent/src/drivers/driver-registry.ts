import { WeftError, type Heartbeat, type InstanceType } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import type { Driver } from './driver';
import type { CreateDriver, DriverDeps } from './driver-deps';

type Announced = Heartbeat['drivers'][number];

/** The drivers that work on this host, by the type of instance that they run. */
export class DriverRegistry {
  private constructor(
    private readonly byType: ReadonlyMap<InstanceType, Driver>,
    /** Drivers that were asked for and cannot run here, with the reason for the user. */
    readonly unusable: readonly { name: string; reason: string }[],
    readonly announced: readonly Announced[],
  ) {}

  /** Makes and probes each driver; one that cannot run here is left out, logged with its reason. */
  static async open(creators: Readonly<Record<string, CreateDriver>>, names: readonly string[], deps: DriverDeps): Promise<DriverRegistry> {
    const byType = new Map<InstanceType, Driver>();
    const unusable: { name: string; reason: string }[] = [];
    const announced: Announced[] = [];
    const made = names.flatMap((name) => make(creators, name, deps, unusable).map((driver) => ({ name, driver })));
    // Probing means trying (a guest is booted to see whether KVM works): side by side.
    const probed = await Promise.all(made.map(async ({ name, driver }) => ({ name, driver, probe: await probe(driver) })));
    for (const { name, driver, probe: found } of probed) {
      if (!found.usable) unusable.push({ name, reason: found.reason });
      else if (!byType.has(driver.type)) {
        byType.set(driver.type, driver);
        announced.push({ name, type: driver.type, version: found.version, info: found.info });
      }
    }
    report(deps.logger, announced, unusable);
    return new DriverRegistry(byType, unusable, announced);
  }

  get(type: InstanceType): Driver | undefined {
    return this.byType.get(type);
  }

  /** @throws WeftError member.unavailable, with the reason why no driver of this host runs such instances */
  require(type: InstanceType): Driver {
    const driver = this.byType.get(type);
    if (driver) return driver;
    const reasons = this.unusable.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
    throw new WeftError('member.unavailable', `This host cannot run instances of type ${type}${reasons ? ` (${reasons})` : ''}`);
  }

  all(): Driver[] {
    return [...this.byType.values()];
  }
}

const probe = (driver: Driver): ReturnType<Driver['probe']> =>
  driver.probe().catch((error: unknown) => ({ usable: false as const, reason: error instanceof Error ? error.message : String(error) }));

function make(
  creators: Readonly<Record<string, CreateDriver>>,
  name: string,
  deps: DriverDeps,
  unusable: { name: string; reason: string }[],
): readonly Driver[] {
  try {
    const made = creators[name]?.({ ...deps, logger: deps.logger.child({ driver: name }) });
    if (made) return Array.isArray(made) ? (made as Driver[]) : [made as Driver];
    unusable.push({ name, reason: 'it is not part of this build' });
  } catch (error) {
    unusable.push({ name, reason: error instanceof Error ? error.message : String(error) });
  }
  return [];
}

function report(logger: Logger, announced: readonly Announced[], unusable: readonly { name: string; reason: string }[]): void {
  for (const { name, type, version } of announced) logger.info({ driver: name, type, version }, 'driver ready');
  for (const { name, reason } of unusable) logger.warn({ driver: name, reason }, 'driver cannot run here');
}
