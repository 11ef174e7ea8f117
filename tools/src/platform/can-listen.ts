import { createServer } from 'node:net';
import { UserError } from '../settings';

/** Is the TCP port free now? An empty host means every address. */
export const canListen = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host || undefined, () => probe.close(() => resolve(true)));
  });

/** Says so before anything is started, instead of a service that cannot start. `address` is host:port or [v6]:port. */
export const requireFree = async (address: string): Promise<void> => {
  if (address === '') return;
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  if (await canListen(host, Number(address.slice(at + 1)))) return;
  throw new UserError(`${address} is in use or is no address of this machine: set WEFT_HTTPS_ADDRESS to another host:port`);
};
