/**
 * QEMU guest agent protocol (docs/interop/qemu-ga-ref) over the host end of its virtio-serial port.
 *
 * There is no greeting: the port takes bytes whether or not an agent listens. So a connection begins with
 * `guest-sync-delimited`: the agent throws away half a command left by an earlier client (0xFF resets its parser) and
 * puts 0xFF before the answer, so that late answers to earlier commands are skipped.
 *
 * One command at a time: the agent works on them one after the other, and of commands that are sent ahead it was seen
 * to leave one unanswered.
 */
import { randomInt } from 'node:crypto';
import { QmpDisconnected } from './errors';
import { JsonChannel } from './json-channel';
import { DELIMITER } from './json-stream';

/** command name -> [arguments, result] */
export interface GuestAgentCommands {
  'guest-ping': [undefined, object];
  'guest-info': [undefined, { version: string; supported_commands: { name: string; enabled: boolean }[] }];
  'guest-exec': [{ path: string; arg?: string[]; env?: string[]; 'input-data'?: string; 'capture-output'?: boolean }, { pid: number }];
  'guest-exec-status': [{ pid: number }, GuestExecStatus];
  'guest-file-open': [{ path: string; mode?: string }, number];
  'guest-file-close': [{ handle: number }, object];
  'guest-file-read': [{ handle: number; count?: number }, { count: number; 'buf-b64': string; eof: boolean }];
  'guest-file-write': [{ handle: number; 'buf-b64': string; count?: number }, { count: number; eof: boolean }];
  'guest-file-flush': [{ handle: number }, object];
  'guest-file-seek': [{ handle: number; offset: number; whence: 'set' | 'cur' | 'end' }, { position: number; eof: boolean }];
  'guest-network-get-interfaces': [undefined, unknown[]];
}

export interface GuestExecStatus {
  exited: boolean;
  exitcode?: number;
  signal?: number;
  'out-data'?: string;
  'err-data'?: string;
}

type Rest<A> = undefined extends A ? [args?: A, options?: { timeoutMs?: number }] : [args: A, options?: { timeoutMs?: number }];

export class GuestAgentClient {
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly channel: JsonChannel,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Connects and synchronizes.
   * @param syncTimeoutMs how long the agent may take to answer at first; it answers within milliseconds when it runs
   * @throws QmpTimeout when no agent answers, or the socket's error
   */
  static async connect(path: string, options: { syncTimeoutMs?: number; timeoutMs?: number } = {}): Promise<GuestAgentClient> {
    const { syncTimeoutMs = 2_000, timeoutMs = 10_000 } = options;
    const channel = await JsonChannel.open(path);
    try {
      const id = randomInt(1, 2 ** 31);
      const answer = await channel.request('guest-sync-delimited', { id }, syncTimeoutMs, Buffer.from([DELIMITER]));
      if (answer !== id) throw new QmpDisconnected('guest-sync-delimited');
    } catch (error) {
      channel.close();
      throw error;
    }
    return new GuestAgentClient(channel, timeoutMs);
  }

  /** @throws QmpError (refused by the agent), QmpTimeout, QmpDisconnected */
  async execute<K extends keyof GuestAgentCommands>(command: K, ...[args, options]: Rest<GuestAgentCommands[K][0]>): Promise<GuestAgentCommands[K][1]> {
    const send = () => this.channel.request(command, args, options?.timeoutMs ?? this.timeoutMs);
    const answer = this.last.then(send, send);
    this.last = answer.catch(() => undefined);
    return (await answer) as GuestAgentCommands[K][1];
  }

  get closed(): Promise<void> {
    return this.channel.closed;
  }

  close(): void {
    this.channel.close();
  }
}
