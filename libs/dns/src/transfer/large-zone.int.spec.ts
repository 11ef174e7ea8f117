import { createHash } from 'node:crypto';
import { startSecondaries, zoneRecords } from '../testing/secondaries';
import { serve } from '../testing/serve';
import { TestZone } from '../testing/test-zone';

const ZONE = 'large.example';
const RECORDS = 100_000;

const digest = (records: readonly string[]): string => `${records.length} ${createHash('sha256').update(records.join('\n')).digest('hex')}`;

describe('a zone of 100,000 records', () => {
  it('transfers to BIND, Knot, NSD and PowerDNS', async () => {
    const hosts = Array.from({ length: RECORDS }, (_, index) => `host${index} 300 A 10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
    const zone = new TestZone(ZONE, ['@ 300 NS ns1.large.example.', 'ns1 300 A 127.0.0.1', ...hosts]);
    const served = await serve([zone]);
    const secondaries = await startSecondaries({ zones: [ZONE], primary: { address: '127.0.0.1', port: served.port } });
    try {
      await secondaries.haveSerial(ZONE, 1, 100_000);
      const own = digest(await zoneRecords(served.port, ZONE));
      expect(own).toMatch(/^100003 /);
      for (const { kind, port } of secondaries.all) expect({ kind, records: digest(await zoneRecords(port, ZONE)) }).toEqual({ kind, records: own });
    } finally {
      await secondaries.stop();
      await served.close();
    }
  }, 150_000);
});
