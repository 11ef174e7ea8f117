import type { LxdOperation } from '@weft/contracts';
import { canonicalJson } from './canonical-json';

/** `GET /1.0/operations/<id>`: fields in LXD's order, maps sorted as Go writes them. */
export function operationDocument(operation: LxdOperation): string {
  const { id, description, created_at, updated_at, status, status_code, resources, metadata, may_cancel, err, location } = operation;
  const head = JSON.stringify({ id, class: operation.class, description, created_at, updated_at, status, status_code });
  const tail = JSON.stringify({ may_cancel, err, location });
  return `${head.slice(0, -1)},"resources":${canonicalJson(resources)},"metadata":${canonicalJson(metadata)},${tail.slice(1)}`;
}
