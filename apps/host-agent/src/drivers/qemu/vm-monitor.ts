/** Short conversations with a VM's control monitor. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Socket } from 'node:net';
import { QmpClient, type QmpOptions } from '@weft/qmp';
import { SOCKETS, type VmPaths } from './vm-paths';

/** unix(7): the path of a socket has at most 107 bytes. */
const LONGEST_SOCKET_PATH = 107;

/** Calls `use` with a path to the socket that is short enough, however deep the directory is. */
export async function withSocketPath<T>(paths: VmPaths, name: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(paths.dir, name);
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return use(path);
  const directory = await open(paths.dir, 'r');
  try {
    return await use(`/proc/self/fd/${directory.fd}/${name}`);
  } finally {
    await directory.close();
  }
}

/** Connects to the control monitor for one purpose and lets others have it afterwards. */
export async function withMonitor<T>(paths: VmPaths, work: (qmp: QmpClient) => Promise<T>, options?: QmpOptions): Promise<T> {
  const qmp = await withSocketPath(paths, SOCKETS.control, (path) => QmpClient.connect(path, options));
  try {
    return await work(qmp);
  } finally {
    qmp.close();
  }
}

export const connectSocket = (paths: VmPaths, name: string): Promise<Socket> =>
  withSocketPath(
    paths,
    name,
    (path) =>
      new Promise((resolve, reject) => {
        const socket = connect(path);
        socket.once('error', reject);
        socket.once('connect', () => {
          socket.off('error', reject);
          resolve(socket);
        });
      }),
  );
