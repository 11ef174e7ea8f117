import type { SessionChannel } from '@weft/session';
import { z } from 'zod';

/** LXD's control messages; numbers come as strings from the stock client. */
const controlMessage = z.discriminatedUnion('command', [
  z.object({
    command: z.literal('window-resize'),
    args: z.object({ width: z.coerce.number().int().min(1).max(10_000), height: z.coerce.number().int().min(1).max(10_000) }),
  }),
  z.object({ command: z.literal('signal'), signal: z.coerce.number().int().min(1).max(64) }),
]);

interface Controlled {
  resize(width: number, height: number): void;
  signal?(signal: number): void;
}

/** Applies control messages; what is not understood is ignored, as LXD does. */
export function listenToControl(channel: SessionChannel, target: Controlled): void {
  channel.on('data', (text: string) => {
    const parsed = controlMessage.safeParse(parseJson(text));
    if (!parsed.success) return;
    if (parsed.data.command === 'signal') target.signal?.(parsed.data.signal);
    else target.resize(parsed.data.args.width, parsed.data.args.height);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
