import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/**
 * One agent per state directory: holds an abstract unix socket (unix(7)), which the kernel frees with the process,
 * however that ends, and which leaves no file behind.
 *
 * @throws Error when another agent has the directory
 */
export async function lockStateDirectory(dir: string): Promise<Server> {
  const name = `weft-agent-${createHash('sha256').update(dir).digest('hex').slice(0, 32)}`;
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE' ? new Error(`Another host agent works on ${dir}`) : error));
    server.listen(`\0${name}`, resolve);
  });
  return server.unref();
}
