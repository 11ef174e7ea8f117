/** The two channels of an instance that goes to another server, as the agent has them (libs/handover says what is said). */
import { Readable } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { WeftError } from '@weft/contracts';
import { controlOver, type ControlSocket } from '@weft/handover';
import { openChannel, SessionError, type SessionChannel } from '@weft/session';
import type { Progress } from '../drivers/driver';
import { cancelled } from '../tasks/interruption';

/** What the gateways attach to. */
const CHANNELS = { control: 'migration-control', fs: 'migration-fs' } as const;
/** The client asks the other server only now, which has a network and a host to choose before it connects. */
const ATTACH_TIMEOUT_MS = 60_000;

/** @param interrupt ends the conversation; the other side still hears why */
export async function withHandover<T>(
  nc: NatsConnection,
  sessionId: string,
  interrupt: AbortSignal,
  work: (control: ControlSocket, fs: SessionChannel) => Promise<T>,
): Promise<T> {
  const open = (channel: string) => openChannel(nc, { sessionId, channel, side: 'server', attachTimeoutMs: ATTACH_TIMEOUT_MS });
  const [control, fs] = [open(CHANNELS.control), open(CHANNELS.fs)];
  const leave = () => [control, fs].forEach((channel) => channel.abort('Operation cancelled'));
  interrupt.addEventListener('abort', leave);
  try {
    // What keeps the other one from coming is said on this one.
    await control.attached;
    interrupt.removeEventListener('abort', leave);
    return await work(controlOver(control, interrupt), fs);
  } catch (error) {
    throw forTheUser(error, interrupt);
  } finally {
    interrupt.removeEventListener('abort', leave);
    fs.destroy();
    // The last word goes out before the channel does.
    control.resume();
    control.end(() => control.destroy());
  }
}

/** How long the source may take to be done with its own part. */
const HANG_UP_MS = 5_000;

/** Until the source has hung up: whoever hears here that the instance has moved may delete it there at once, and it must be free by then. */
export const untilHungUp = (control: ControlSocket): Promise<unknown> =>
  Promise.race([control.receive().catch(() => undefined), after(HANG_UP_MS, undefined, { ref: false })]);

/** None of these passes when it is tried again: the other side has gone. */
function forTheUser(error: unknown, interrupt: AbortSignal): unknown {
  if (interrupt.aborted) return cancelled();
  if (!(error instanceof SessionError)) return error;
  const message = error.failure === 'attach-timeout' ? 'The other server did not connect in time' : lostBecause(error);
  return new WeftError('task.failed', message, { cause: error });
}

const lostBecause = ({ failure, message }: SessionError): string =>
  failure === 'aborted' ? message : `The connection to the other server was lost: ${message}`;

const MEGABYTE = 1_000_000;
const TELL_EVERY_MS = 500;

/** The same bytes, and word about how many they are: LXD's `fs_progress`. */
export function metered(stream: Readable, name: string, progress: Progress): Readable {
  const startedAt = performance.now();
  let [bytes, toldAt] = [0, -Infinity];
  return Readable.from(
    (async function* () {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        const now = performance.now();
        if (now - toldAt > TELL_EVERY_MS) {
          toldAt = now;
          const rate = bytes / MEGABYTE / Math.max((now - startedAt) / 1_000, 0.001);
          progress('fs', `${name}: ${(bytes / MEGABYTE).toFixed(2)}MB (${rate.toFixed(2)}MB/s)`);
        }
        yield chunk;
      }
    })(),
  );
}
