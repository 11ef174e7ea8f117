import { WeftError } from '@weft/contracts';
import { canSeeProject } from '../domain/policy';
import type { ReadClient, Row } from '../clients/read.client';
import type { Call } from '../http/route';
import type { Collection, Scope } from './list.query';

export const IMAGES: Collection = { view: 'instance.image_v1', path: ['images'], key: 'fingerprint', projects: true, columns: { fingerprint: 'fingerprint' } };
export const ALIASES: Collection = { view: 'instance.image_alias_v1', path: ['images', 'aliases'], key: 'name', projects: true, columns: { name: 'name' } };

const PUBLIC_TARGET = `exists (select 1 from instance.image_v1 i where i.project = image_alias_v1.project and i.fingerprint = image_alias_v1.target and i.public)`;

/** Whoever is no client of the project sees public images only. */
const publicOnly = (call: Call): boolean => !canSeeProject(call.actor, call.project);

export const imageScope = (call: Call): Scope => ({ sql: `project = $1${publicOnly(call) ? ' and public' : ''}`, parameters: [call.project] });
export const aliasScope = (call: Call): Scope => ({ sql: `project = $1${publicOnly(call) ? ` and ${PUBLIC_TARGET}` : ''}`, parameters: [call.project] });

const imageNotFound = (): WeftError => new WeftError('image.not-found', 'Image not found');

/** [doc, etag, fingerprint] of the image that a whole or partial fingerprint names. */
export async function findImage(reads: ReadClient, call: Call, fingerprint: string): Promise<Row> {
  if (!/^[0-9a-f]{1,64}$/.test(fingerprint)) throw imageNotFound();
  const scope = imageScope(call);
  const sql = `select doc, etag, fingerprint from instance.image_v1 where ${scope.sql} and fingerprint like $2 limit 2`;
  const rows = await reads.rows({ name: publicOnly(call) ? 'image-public' : 'image', sql }, [call.project, `${fingerprint}%`]);
  if (rows.length > 1) throw new WeftError('request.invalid', 'The partial fingerprint matches more than one image');
  if (!rows[0]) throw imageNotFound();
  return rows[0];
}

export async function findAlias(reads: ReadClient, call: Call, name: string): Promise<Row> {
  const scope = aliasScope(call);
  const sql = `select doc, etag from instance.image_alias_v1 where ${scope.sql} and name = $2`;
  const row = await reads.row({ name: publicOnly(call) ? 'alias-public' : 'alias', sql }, [call.project, name]);
  if (!row) throw new WeftError('image-alias.not-found', 'Image alias not found');
  return row;
}
