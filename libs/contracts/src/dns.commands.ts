/**
 * Commands and queries of the DNS service, subject `weft.cmd.dns.<name>`. All are synchronous, as zones are in LXD.
 *
 * `meta.project` is the project that the client named; the service finds the one that holds the zones.
 */
import { z } from 'zod';
import { stringMap } from './agent';
import { zoneEntry } from './events/zone.events';

export const DNS_CONTEXT = 'dns';

const ifMatch = { ifMatch: z.string().optional() };
/** `replace` is PUT, `merge` is PATCH. */
const mode = { mode: z.enum(['replace', 'merge']) };
const named = { name: z.string() };
/** A record is found by its zone and its name. */
const recordPlace = { zone: z.string(), ...named };

/** What the addresses of a zone belong to: names, or numbers of one family. */
export const zoneKind = z.enum(['forward', 'ipv4', 'ipv6']);
export type ZoneKind = z.infer<typeof zoneKind>;

const sync = <T extends z.ZodType>(body: T) => ({ kind: 'sync' as const, body });

export const dnsCommands = {
  'zone.create': sync(z.object({ ...named, description: z.string(), config: stringMap })),
  'zone.update': sync(z.object({ ...named, ...mode, ...ifMatch, description: z.string().optional(), config: stringMap.optional() })),
  'zone.delete': sync(z.object({ ...named })),
  /**
   * May the networks of `meta.project` publish their names in these zones? No effect. Result: {}.
   * Errors: `network-zone.not-found` (`Network zone "x" doesn't exist`), `network-zone.wrong-kind`, `project.restricted`.
   */
  'zone.check': sync(z.object({ zones: z.array(z.object({ ...named, kind: zoneKind })) })),
  /** The zones that a project owns, as URLs. Result: {usedBy: string[]}. Asked before a project is deleted or loses its networks. */
  'zone.project-usage': sync(z.object({ project: z.string() })),
  'zone-record.create': sync(z.object({ ...recordPlace, description: z.string(), entries: z.array(zoneEntry), config: stringMap })),
  'zone-record.update': sync(
    z.object({ ...recordPlace, ...mode, ...ifMatch, description: z.string().optional(), entries: z.array(zoneEntry).optional(), config: stringMap.optional() }),
  ),
  'zone-record.delete': sync(z.object({ ...recordPlace })),
} as const;

export type DnsCommandName = keyof typeof dnsCommands;
export type DnsCommandBody<N extends DnsCommandName> = z.infer<(typeof dnsCommands)[N]['body']>;
