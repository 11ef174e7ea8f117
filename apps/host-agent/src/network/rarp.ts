/**
 * The broadcast by which QEMU and others tell switches where a guest is now: a reverse ARP request (RFC 903) that asks
 * for its own address. OVN waits for it under `activation-strategy=rarp` (ovn-nb(5)).
 */
const ETHERTYPE = '8035';
/** Ethernet, IPv4, lengths of their addresses, "request reverse". */
const HEAD = '0001' + '0800' + '06' + '04' + '0003';
const NO_ADDRESS = '00000000';
/** The shortest Ethernet frame, without its checksum. */
const SHORTEST_BYTES = 60;

/** The whole frame, hexadecimal. */
export function rarpOf(hwaddr: string): string {
  const own = hwaddr.replaceAll(':', '').toLowerCase();
  return ('f'.repeat(12) + own + ETHERTYPE + HEAD + own + NO_ADDRESS + own + NO_ADDRESS).padEnd(2 * SHORTEST_BYTES, '0');
}
