import { open } from 'node:fs/promises';
import { WeftError, type AgentRequest } from '@weft/contracts';

/** What is read of the log's end, and how many lines go into a reply. */
const TAIL_BYTES = 4 * 1024 ** 2;
const MOST_LINES = 5_000;

/** The last lines that ovn-controller has written about rules whose name begins with `prefix` (ovn-controller(8), "acl_log"). */
export async function readAclLog(logFile: string | undefined, { prefix }: AgentRequest<'acl.log'>): Promise<{ lines: string[] }> {
  if (logFile === undefined) throw new WeftError('network.unsupported', 'This host does not say where ovn-controller logs (WEFT_OVN_LOG of its agent)');
  const lines = (await tailOf(logFile)).split('\n').filter((line) => line.includes('|acl_log') && line.includes(`name="${prefix}`));
  return { lines: lines.slice(-MOST_LINES) };
}

async function tailOf(path: string): Promise<string> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
