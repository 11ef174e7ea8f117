import { GuestLinks } from './guest-links';
import type { LinkState } from './host-links';

const HEADINGS = 'Inter-|   Receive                     |  Transmit\n face |bytes    packets errs ...\n';
const eth0: LinkState = { ifindex: 5, ifname: 'eth0', flags: ['UP'], mtu: 1442, operstate: 'UP', link_type: 'ether', addr_info: [] };

/** A guest with one interface: what the kernel says of it, and how often ip(8) is run for it. */
function guest() {
  const files: Record<string, string> = { route: 'eth0 00000000 ...' };
  const seen = { now: 0, asked: 0 };
  const receive = (bytes: number): string => (files.dev = `${HEADINGS}  eth0: ${bytes} 12 1 2 0 0 0 0 34 5 6 7 0 0 0 0\n`);
  receive(100);
  const links = new GuestLinks(
    () => Promise.resolve([((seen.asked += 1), eth0)]),
    (_, name) => files[name] ?? '',
    () => seen.now,
  );
  return { files, seen, receive, look: (pid = 7) => links.recent('one', pid), forget: () => links.forget('one') };
}

describe('interfaces of a guest, looked at again and again', () => {
  it('are asked for once, and their counters are new with every look', async () => {
    const { look, receive, seen } = guest();
    await look();
    receive(4_000_000_000_000);
    const rx = { bytes: 4_000_000_000_000, packets: 12, errors: 1, dropped: 2 };
    expect(await look()).toEqual([{ ...eth0, stats64: { rx, tx: { bytes: 34, packets: 5, errors: 6, dropped: 7 } } }]);
    expect(seen.asked).toBe(1);
  });

  it.each(['dev_mcast', 'if_inet6', 'fib_trie', 'route'])('are asked for anew when %s says something else', async (name) => {
    const { look, files, seen } = guest();
    await look();
    files[name] = 'changed';
    await look();
    await look();
    expect(seen.asked).toBe(2);
  });

  it('are asked for anew after a while, for another process, and after they were forgotten', async () => {
    const { look, seen, forget } = guest();
    await look();
    seen.now = 30_000;
    await look();
    expect(seen.asked).toBe(2);
    await look(8);
    expect(seen.asked).toBe(3);
    forget();
    await look(8);
    expect(seen.asked).toBe(4);
  });
});
