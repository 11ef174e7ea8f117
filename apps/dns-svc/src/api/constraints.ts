import type { ConstraintNames } from '@weft/service';

export const constraints: ConstraintNames = {
  zone_key: ['network-zone.exists', 'The network zone already exists'],
  zone_tsig_key_name: ['network-zone.invalid', 'Another zone has a key of the same name (<zone>_<peer>): give the peer another name'],
  zone_record_owner: ['network-zone-record.exists', 'The network zone record already exists'],
  zone_record_zone_fk: ['network-zone.not-found', 'Network zone not found'],
};
