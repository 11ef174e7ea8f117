import type { InlineProjection } from '@weft/event-store';

/** In order: instances are rendered after the profiles that they use. */
export const projections: readonly InlineProjection[] = [
  // projects, profiles, images, aliases, pools, certificates, server

  // members, operations, instances
];
