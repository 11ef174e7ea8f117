import { join } from 'node:path';
import { zoneEvents, zoneRecordEvents } from '@weft/contracts';
import { describeGoldenSamples } from '@weft/testing';
import { recordFold } from './zone-record.state';
import { zoneFold } from './zone.state';

const ends = { status: 'deleted' };

describeGoldenSamples(join(__dirname, '../../golden'), {
  zone: {
    events: zoneEvents,
    fold: zoneFold,
    before: { status: 'active', description: 'ours', change: 2, serial: 2, primary: 'ns1.lab.example.' },
    ends,
  },
  'zone-record': {
    events: zoneRecordEvents,
    fold: recordFold,
    before: { status: 'active', description: 'web', entries: [{ type: 'TXT', ttl: 900, value: 'hello world' }] },
    ends,
  },
});
