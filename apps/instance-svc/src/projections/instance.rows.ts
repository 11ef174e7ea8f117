/** Writes rows of instances in batches: one statement per table, whatever the number of rows. */
import type { ClientBase } from 'pg';
import { instanceDocument, instanceEtag, instanceSpec, lxdStatus, snapshotDocument, snapshotEtag, type ProfileLookup } from '../domain/instance.document';
import { comesBack } from '../domain/autostart';
import { canonicalJson } from '../domain/canonical-json';
import type { LiveInstance } from '../domain/instance.state';

export async function writeInstances(client: ClientBase, instances: readonly LiveInstance[], profiles: ProfileLookup): Promise<void> {
  const documents = instances.map((one) => instanceDocument(one, profiles));
  const specs = instances.map((one) => instanceSpec(one, profiles));
  const statuses = instances.map((one) => lxdStatus(one.status));
  await client.query({
    name: 'write-instances',
    text: `INSERT INTO instance (id, project, name, type, member, status, status_text, status_code, epoch, locked, comes_back, state, spec, doc_open, snapshots_doc, etag)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[], $10::boolean[], $11::boolean[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[])
      ON CONFLICT (id) DO UPDATE SET project = excluded.project, name = excluded.name, member = excluded.member, status = excluded.status,
        status_text = excluded.status_text, status_code = excluded.status_code, epoch = excluded.epoch, locked = excluded.locked,
        comes_back = excluded.comes_back, state = excluded.state, spec = excluded.spec,
        doc_open = excluded.doc_open, snapshots_doc = excluded.snapshots_doc, etag = excluded.etag`,
    values: [
      instances.map((one) => one.id),
      instances.map((one) => one.project),
      instances.map((one) => one.name),
      instances.map((one) => one.type),
      instances.map((one) => one.member),
      instances.map((one) => one.status),
      statuses.map(({ text }) => text),
      statuses.map(({ code }) => code),
      instances.map((one) => one.epoch),
      instances.map((one) => one.lock !== null),
      instances.map((one, index) => one.status === 'stopped' && comesBack(specs[index]!.config)),
      instances.map(canonicalJson),
      specs.map(canonicalJson),
      documents.map((document) => JSON.stringify(document).slice(0, -1)),
      instances.map((one) => snapshotsDocument(one, profiles)),
      instances.map((one, index) => instanceEtag(one, documents[index]!.profiles as string[])),
    ],
  });
}

/** LXD shows `null` where there are none. */
const snapshotsDocument = (instance: LiveInstance, profiles: ProfileLookup): string =>
  instance.snapshots.length === 0 ? 'null' : JSON.stringify(instance.snapshots.map((one) => snapshotDocument(one, profiles)));

/** `born`: ids of instances that had none before. */
export async function writeProfileUse(client: ClientBase, instances: readonly LiveInstance[], born: ReadonlySet<string>): Promise<void> {
  if (instances.length === 0) return;
  const older = instances.filter((one) => !born.has(one.id)).map((one) => one.id);
  const uses = instances.flatMap((one) => one.profiles.map((profile, place) => ({ instance: one.id, profile, place })));
  if (older.length > 0) await client.query({ name: 'clear-profile-use', text: 'DELETE FROM instance_profile WHERE instance_id = ANY($1)', values: [older] });
  await client.query({
    name: 'write-profile-use',
    text: 'INSERT INTO instance_profile (instance_id, profile_id, place) SELECT * FROM unnest($1::text[], $2::text[], $3::int[])',
    values: [uses.map((use) => use.instance), uses.map((use) => use.profile), uses.map((use) => use.place)],
  });
}

export async function writeSnapshots(client: ClientBase, instances: readonly LiveInstance[], profiles: ProfileLookup): Promise<void> {
  if (instances.length === 0) return;
  const all = instances.flatMap((one) => one.snapshots.map((snapshot) => ({ instance: one.id, snapshot })));
  await client.query({ name: 'clear-snapshots', text: 'DELETE FROM snapshot WHERE instance_id = ANY($1)', values: [instances.map((one) => one.id)] });
  await client.query({
    name: 'write-snapshots',
    text: `INSERT INTO snapshot (id, instance_id, name, created_at, expires_at, doc, etag)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[])`,
    values: [
      all.map(({ snapshot }) => snapshot.id),
      all.map(({ instance }) => instance),
      all.map(({ snapshot }) => snapshot.name),
      all.map(({ snapshot }) => snapshot.createdAt),
      all.map(({ snapshot }) => snapshot.expiresAt),
      all.map(({ snapshot }) => JSON.stringify(snapshotDocument(snapshot, profiles))),
      all.map(({ snapshot }) => snapshotEtag(snapshot)),
    ],
  });
}
