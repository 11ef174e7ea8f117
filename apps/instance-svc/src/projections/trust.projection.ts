import type { ClientBase } from 'pg';
import type { CertificateEvent, ServerEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { certificateDocument, certificateEtag, type CertificateContent } from '../domain/certificate.state';
import { sortedMap } from '../domain/etag';
import { TRUST_PASSWORD_KEY } from '../domain/server.config-keys';
import { serverEtag } from '../domain/server.state';

export const certificateProjection: InlineProjection = {
  name: 'certificate',
  tables: ['certificate'],
  handles: ['CertificateAdded', 'CertificateUpdated', 'CertificateRemoved'],
  async project(events, client) {
    for (const event of events as readonly (ProjectedEvent & CertificateEvent)[]) {
      if (event.type === 'CertificateRemoved') await client.query('DELETE FROM certificate WHERE fingerprint = $1', [event.data.fingerprint]);
      else await upsert(client, event.data);
    }
  },
};

async function upsert(client: ClientBase, content: CertificateContent): Promise<void> {
  await client.query(
    `INSERT INTO certificate (fingerprint, name, type, restricted, projects, doc, etag) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (fingerprint) DO UPDATE SET name = excluded.name, type = excluded.type, restricted = excluded.restricted,
       projects = excluded.projects, doc = excluded.doc, etag = excluded.etag`,
    [
      content.fingerprint,
      content.name,
      content.type,
      content.restricted,
      content.projects,
      JSON.stringify(certificateDocument(content)),
      certificateEtag(content),
    ],
  );
}

export const serverProjection: InlineProjection = {
  name: 'server_config',
  tables: ['server_config'],
  handles: ['ServerConfigUpdated'],
  async project(events, client) {
    const last = (events as readonly (ProjectedEvent & ServerEvent)[]).at(-1);
    if (!last) return;
    await client.query(
      `INSERT INTO server_config (id, doc, etag) VALUES ('server', $1, $2) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc, etag = excluded.etag`,
      [JSON.stringify(shown(last.data.config)), serverEtag(last.data)],
    );
  },
};

/** LXD shows a secret that is set as the boolean `true`, everything else as text. */
const shown = (config: Record<string, string>): Record<string, string | boolean> =>
  sortedMap<string | boolean>(config[TRUST_PASSWORD_KEY] ? { ...config, [TRUST_PASSWORD_KEY]: true } : config);
