/**
 * Asks for an address by DHCPv6 (RFC 8415) in a network namespace: what a guest's client does first. busybox has none.
 *
 *   client --Solicit (client id, IA_NA)--> ff02::1:2 port 547       server --Advertise (IA_NA with an address)--> client
 */
import { execa } from 'execa';

/** Runs in the guest's namespace with the host's Node: prints the Advertise in hexadecimal. */
const CLIENT = `
const [, link, message] = process.argv;
const socket = require('node:dgram').createSocket('udp6');
const solicit = () => socket.send(Buffer.from(message, 'hex'), 547, 'ff02::1:2%' + link);
socket.on('message', (reply) => { console.log(reply.toString('hex')); process.exit(0); });
socket.bind(546, () => { solicit(); setInterval(solicit, 1000); });
setTimeout(() => process.exit(1), 15000);
`;
const SOLICIT = '01';
const ADVERTISE = 2;
const [IA_NA, IA_ADDRESS] = [3, 5];
const IA_HEADER_BYTES = 12;

const option = (code: number, body: string): string => code.toString(16).padStart(4, '0') + (body.length / 2).toString(16).padStart(4, '0') + body;

/** @param pid of a process in the guest. @returns the address that the server offers, as 32 hexadecimal digits */
export async function offeredAddress(pid: number, link: string, hwaddr: string): Promise<string | undefined> {
  const clientId = option(1, `00030001${hwaddr.replaceAll(':', '')}`);
  const message = `${SOLICIT}c0ffee${clientId}${option(8, '0000')}${option(IA_NA, '000000010000000000000000')}`;
  const { stdout } = await execa('nsenter', ['-t', String(pid), '-n', process.execPath, '-e', CLIENT, link, message]);
  const reply = Buffer.from(stdout.trim(), 'hex');
  if (reply[0] !== ADVERTISE) return undefined;
  const association = find(reply.subarray(4), IA_NA);
  return association && find(association.subarray(IA_HEADER_BYTES), IA_ADDRESS)?.subarray(0, 16).toString('hex');
}

function find(options: Buffer, wanted: number): Buffer | undefined {
  for (let at = 0; at + 4 <= options.length; at += 4 + options.readUInt16BE(at + 2)) {
    if (options.readUInt16BE(at) === wanted) return options.subarray(at + 4, at + 4 + options.readUInt16BE(at + 2));
  }
  return undefined;
}
