import { WeftError } from '@weft/contracts';
import { z } from 'zod';
import { toolOutput } from './child-process';

/** `qemu-img info --output=json`, the part that matters here. */
const imageInfo = z.object({
  format: z.string(),
  'virtual-size': z.number(),
  'backing-filename': z.string().optional(),
  'full-backing-filename': z.string().optional(),
  encrypted: z.boolean().optional(),
  'format-specific': z
    .object({ data: z.object({ 'data-file': z.string().optional(), corrupt: z.boolean().optional() }).loose() })
    .loose()
    .optional(),
});

/**
 * Accepts a self-contained qcow2 image only. A backing file or an external data file would let an image read any file
 * of the host (CVE-2014-0162 and its like), so both are refused; the format is given, never probed.
 *
 * @throws WeftError image.invalid
 */
export async function checkQcow2(path: string, maxVirtualBytes: number): Promise<{ virtualBytes: number }> {
  const info = imageInfo.parse(JSON.parse(await toolOutput(['qemu-img', 'info', '--force-share', '-f', 'qcow2', '--output=json', path])));
  const data = info['format-specific']?.data;
  if (info['backing-filename'] ?? info['full-backing-filename']) throw refusal('it has a backing file');
  if (data?.['data-file']) throw refusal('it keeps its data in another file');
  if (info.encrypted) throw refusal('it is encrypted');
  if (data?.corrupt) throw refusal('it is marked as corrupt');
  if (info['virtual-size'] > maxVirtualBytes) throw refusal(`it is larger than ${maxVirtualBytes} bytes`);
  // Walks the tables: finds a file that was cut off.
  await toolOutput(['qemu-img', 'check', '-q', '-f', 'qcow2', path]);
  return { virtualBytes: info['virtual-size'] };
}

const refusal = (why: string) => new WeftError('image.invalid', `The disk image is refused: ${why}`);
