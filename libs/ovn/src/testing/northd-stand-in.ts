import { operationsOn, OvnNorthbound, OvsdbClient } from '@weft/ovsdb';

const nb = operationsOn(OvnNorthbound.OVN_NORTHBOUND);

/**
 * Says in ovn-northd's place that the southbound database has everything, at once: where only the northbound database matters.
 * @returns how to end it
 */
export async function northdStandIn(endpoints: string): Promise<() => Promise<void>> {
  const client = new OvsdbClient(OvnNorthbound.OVN_NORTHBOUND, { endpoints });
  const copy = await client.monitor({ NB_Global: { columns: ['nb_cfg', 'sb_cfg'] } });
  const answer = (): void => {
    const [row] = copy.table('NB_Global').values();
    // Ends with its client, or with the database; what is not answered then is answered after the next change.
    if (row && row.nb_cfg !== row.sb_cfg) client.transact([nb.update('NB_Global', [], { sb_cfg: row.nb_cfg })]).catch(() => undefined);
  };
  copy.onChange(answer);
  answer();
  return () => client.close();
}
