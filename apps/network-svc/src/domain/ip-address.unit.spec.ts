import fc from 'fast-check';
import { eui64, firstFree, formatAddress, formatSubnet, overlaps, parseAddress, parseInterface, parseList, parseRange, parseSubnet } from './ip-address';

describe('text of addresses', () => {
  it.each(['0.0.0.0', '10.1.1.50', '255.255.255.255', '::', '::1', 'fd42:1:1:1::1', '2001:db8:0:1:1:1:1:1', '1::', 'fd42:1:1:1:216:3eff:fe9d:d118'])(
    '%s is what it says',
    (text) => {
      expect(formatAddress(parseAddress(text)!)).toBe(text);
    },
  );

  it('of IPv6 is canonical', () => {
    expect(formatAddress(parseAddress('2001:DB8:0:0:1:0:0:1')!)).toBe('2001:db8::1:0:0:1');
  });

  it.each(['', '10.1.1', '10.1.1.256', '01.1.1.1', '10.1.1.1.1', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::8', 'g::'])(
    'refuses %j',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  it('is read back from whatever was written', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 128n) - 1n), (value) => {
        expect(parseAddress(formatAddress({ family: 6, value }))).toEqual({ family: 6, value });
      }),
    );
  });
});

describe('subnets and ranges', () => {
  it('know an interface from a subnet', () => {
    expect(formatSubnet(parseInterface('10.1.1.7/24')!.subnet)).toBe('10.1.1.0/24');
    expect(parseSubnet('10.1.1.7/24')).toBeUndefined();
    expect(parseInterface('10.1.1.7/33')).toBeUndefined();
    expect(parseInterface('10.1.1.7')).toBeUndefined();
  });

  it('overlap when they share an address, within a family', () => {
    expect(overlaps(parseSubnet('10.0.0.0/8')!, parseSubnet('10.9.0.0/24')!)).toBe(true);
    expect(overlaps(parseSubnet('10.0.0.0/24')!, parseSubnet('10.0.1.0/24')!)).toBe(false);
    expect(overlaps(parseSubnet('0.0.0.0/0')!, parseSubnet('::/0')!)).toBe(false);
  });

  it('come in lists', () => {
    expect(parseList('10.0.0.2-10.0.0.4, 10.0.0.9', parseRange)).toHaveLength(2);
    expect(parseList('10.0.0.4-10.0.0.2', parseRange)).toBeUndefined();
    expect(parseList(undefined, parseRange)).toEqual([]);
  });
});

it('EUI-64 gives what LXD recorded', () => {
  expect(formatAddress(eui64(parseSubnet('fd42:1:1:1::/64')!, '00:16:3e:9d:d1:18'))).toBe('fd42:1:1:1:216:3eff:fe9d:d118');
});

it('the first free address leaves out what is taken, and ends', () => {
  const range = parseRange('10.0.0.2-10.0.0.3')!;
  const taken = [parseAddress('10.0.0.2')!];
  expect(formatAddress(firstFree([range], taken)!)).toBe('10.0.0.3');
  expect(firstFree([range], [...taken, parseAddress('10.0.0.3')!])).toBeUndefined();
});
