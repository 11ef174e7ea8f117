/**
 * Who may do what: the one place that decides it. Pure; the boundary (http/router.ts) asks before anything else runs.
 *
 *   actor         public  metrics  trusted  project(p)        admin
 *   unrestricted    x       x        x         x                x
 *   restricted      x       x        x       p in its list
 *   metrics         x       x
 *   untrusted       x
 *
 * Source: LXD 5.0 "Remote API authentication" (restricted TLS certificates). Restricted clients are told apart from
 * missing objects only where LXD does it: a project that is not theirs answers 403 whether it exists or not.
 */
export interface Actor {
  kind: 'unrestricted' | 'restricted' | 'metrics' | 'untrusted';
  protocol: 'tls' | 'unix' | 'untrusted';
  /** Certificate fingerprint, the unix user, or "" when untrusted. */
  username: string;
  address: string;
  /** The only projects that a restricted actor may touch; `null` = all. */
  projects: readonly string[] | null;
  /** Kind `metrics`: the only projects whose instances count; unset = all. It gives no other right. */
  metered?: readonly string[];
}

/** What a request needs: `public` is for everyone, `project` for clients of that project, `admin` for unrestricted ones. */
export type Need = { kind: 'public' } | { kind: 'metrics' } | { kind: 'trusted' } | { kind: 'project'; project: string } | { kind: 'admin' };

export function isAllowed(actor: Actor, need: Need): boolean {
  if (need.kind === 'public') return true;
  switch (actor.kind) {
    case 'unrestricted':
      return true;
    case 'untrusted':
      return false;
    case 'metrics':
      return need.kind === 'metrics';
    case 'restricted':
      return need.kind === 'metrics' || need.kind === 'trusted' || (need.kind === 'project' && canSeeProject(actor, need.project));
    default:
      return unreachable(actor.kind);
  }
}

export const canSeeProject = (actor: Actor, project: string): boolean =>
  actor.kind === 'unrestricted' || (actor.kind === 'restricted' && (actor.projects ?? []).includes(project));

/** Operations of this class hold a join token for the whole server, whatever project they were asked for in. */
export const TOKEN_CLASS = 'token';

export const canSeeOperation = (actor: Actor, operation: { project: string; class: string }): boolean =>
  canSeeProject(actor, operation.project) && (operation.class !== TOKEN_CLASS || actor.kind === 'unrestricted');

/** Projects whose objects an `all-projects` list may show; `null` = every project. */
export const visibleProjects = (actor: Actor): readonly string[] | null =>
  actor.kind === 'unrestricted' ? null : actor.kind === 'restricted' ? (actor.projects ?? []) : [];

/** Projects whose instances an actor's metrics may count; `null` = every project. */
export const meteredProjects = (actor: Actor): readonly string[] | null => (actor.kind === 'metrics' ? (actor.metered ?? null) : visibleProjects(actor));

/** May the actor change things, or read what only clients with a certificate may? */
export const isTrusted = (actor: Actor): boolean => actor.kind === 'unrestricted' || actor.kind === 'restricted';

/** What the trust store says about a certificate, as an actor. A certificate that is past its end counts as unknown. */
export function actorOfCertificate(known: TrustedCertificate | undefined, fingerprint: string, address: string, expired: boolean): Actor {
  if (!known || expired) return { kind: 'untrusted', protocol: 'untrusted', username: '', address, projects: [] };
  const base = { protocol: 'tls' as const, username: fingerprint, address };
  if (known.type === 'metrics') return { ...base, kind: 'metrics', projects: [], ...(known.restricted ? { metered: known.projects } : {}) };
  if (known.type !== 'client') return { kind: 'untrusted', protocol: 'untrusted', username: '', address, projects: [] };
  return known.restricted ? { ...base, kind: 'restricted', projects: known.projects } : { ...base, kind: 'unrestricted', projects: null };
}

export interface TrustedCertificate {
  type: string;
  restricted: boolean;
  projects: readonly string[];
}

/** Whoever can open the unix socket is root's equal: the socket's mode is the gate. */
export const unixActor: Actor = Object.freeze({ kind: 'unrestricted', protocol: 'unix', username: 'root', address: '@', projects: null });

function unreachable(kind: never): never {
  throw new Error(`unknown kind of actor: ${String(kind)}`);
}
