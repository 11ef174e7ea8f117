import { join } from 'node:path';
import { goldenContract } from './golden.contract';

goldenContract({
  dir: join(__dirname, 'golden'),
  types: { AccountOpened: 1, AmountBooked: 2 },
  upcasters: [{ type: 'AmountBooked', fromVersion: 1, up: (data) => ({ amount: (data as { amount: number }).amount * 100, unit: 'cent' }) }],
  understand: (type, data) => {
    if (type === 'AmountBooked') expect(data).toEqual({ amount: 1200, unit: 'cent' });
    else expect(data).toEqual({ name: 'savings' });
  },
});
