import type { UnitOfWork } from '@weft/event-store';
import { decideCertificate } from '../domain/certificate.decider';
import { certificateFold, certificateStream } from '../domain/certificate.state';
import { findCertificatesOf } from '../queries/find-projects';
import type { Queryable } from '../queries/find-resources';

/**
 * Restricted certificates name their projects: a renamed project must stay reachable, and the name of a deleted one
 * must not open the next project that gets it.
 */
export async function replaceProjectInCertificates(db: Queryable, uow: UnitOfWork, name: string, newName: string | undefined): Promise<void> {
  for (const fingerprint of await findCertificatesOf(db, name)) {
    const { state } = await uow.load(certificateFold, certificateStream(fingerprint));
    if (state.status !== 'trusted') continue;
    const projects = state.projects.flatMap((project) => (project !== name ? [project] : newName === undefined ? [] : [newName]));
    uow.append(certificateStream(fingerprint), decideCertificate({ type: 'update', mode: 'merge', projects, asOwner: false }, state));
  }
}
