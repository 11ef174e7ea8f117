/** What a project owns itself; without the feature it uses what the project `default` has. */
import { isTrue } from './config-values';

type Config = Readonly<Record<string, string>>;

export const FEATURES = ['features.images', 'features.networks', 'features.networks.zones', 'features.profiles', 'features.storage.volumes'] as const;
export type Feature = (typeof FEATURES)[number];

/** On in a new project unless its creator says otherwise. */
export const DEFAULT_FEATURES = { 'features.images': 'true', 'features.profiles': 'true', 'features.storage.volumes': 'true' } as const;

/** Zones go with the networks, as in LXD 5.0, until the project says otherwise (a key of later versions). */
export const hasFeature = (config: Config, feature: Feature): boolean =>
  isTrue(feature === 'features.networks.zones' ? config[feature] || config['features.networks'] : config[feature]);

/** Those that are on in one of the configurations and off in the other. */
export const changedFeatures = (before: Config, after: Config): Feature[] => FEATURES.filter((key) => hasFeature(before, key) !== hasFeature(after, key));
