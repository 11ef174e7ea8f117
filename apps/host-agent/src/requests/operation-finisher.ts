/**
 * Ends exec and console operations at the instance service, for sure.
 *
 * Open operations are written down (operations/<id>.json): an agent that starts again ends those of its predecessor,
 * whose commands it can no longer observe, so that no operation runs for ever.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { derivedId, finishSubject, isId, WeftError, type CommandEnvelope, type CommandReply, type InstanceCommandBody } from '@weft/contracts';
import { currentTraceparent, type Logger } from '@weft/platform';
import { z } from 'zod';
import { readJson, writeDurably } from '../files/durable-file';

const openOperation = z.object({ operationId: z.string(), project: z.string(), traceparent: z.string().optional() });
export type OpenOperation = z.infer<typeof openOperation>;
type Ending = InstanceCommandBody<'operation.finish'>;

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** Answers after which asking again makes no sense. */
const FINAL_CODES: ReadonlySet<string> = new Set(['auth.forbidden', 'operation.not-found', 'request.invalid', 'command.conflicting-repeat']);

export class OperationFinisher {
  private stopped = false;

  private constructor(
    private readonly nc: NatsConnection,
    private readonly member: string,
    private readonly dir: string,
    private readonly logger: Logger,
  ) {}

  static async open(nc: NatsConnection, member: string, dir: string, logger: Logger): Promise<OperationFinisher> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    return new OperationFinisher(nc, member, dir, logger);
  }

  async begin(operation: OpenOperation): Promise<void> {
    if (!isId(operation.operationId)) throw new WeftError('request.invalid', 'An operation id is a UUID');
    await writeDurably(this.file(operation.operationId), JSON.stringify({ ...operation, traceparent: currentTraceparent() }));
  }

  /** Resolves when the service has the outcome (or says that it knows no such operation). */
  async finish(operation: OpenOperation, outcome: Pick<Ending, 'metadata' | 'error'>): Promise<void> {
    const payload = JSON.stringify(this.command(operation, outcome));
    for (let pauseMs = FIRST_RETRY_MS; !this.stopped; pauseMs = Math.min(pauseMs * 2, LAST_RETRY_MS)) {
      if (await this.deliver(operation.operationId, payload)) return rm(this.file(operation.operationId), { force: true });
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Ends what an earlier agent left open. */
  async recover(): Promise<void> {
    for (const name of await readdir(this.dir)) {
      const operation = name.endsWith('.json') ? await readJson(join(this.dir, name), openOperation) : undefined;
      if (operation) void this.finish(operation, { metadata: {}, error: 'The host agent was restarted while the command ran; what became of it is unknown' });
    }
  }

  stop(): void {
    this.stopped = true;
  }

  private async deliver(operationId: string, payload: string): Promise<boolean> {
    try {
      const reply = (await this.nc.request(finishSubject(this.member), payload, { timeout: REQUEST_TIMEOUT_MS })).json<CommandReply>();
      if (reply.ok) return true;
      this.logger.warn({ operationId, code: reply.error.code, reason: reply.error.message }, 'operation could not be finished');
      return FINAL_CODES.has(reply.error.code);
    } catch (error) {
      this.logger.debug({ err: error, operationId }, 'instance service not reached yet');
      return false;
    }
  }

  private command(operation: OpenOperation, outcome: Pick<Ending, 'metadata' | 'error'>): CommandEnvelope<Ending> {
    const { operationId, project, traceparent = currentTraceparent() } = operation;
    return {
      meta: {
        actor: { protocol: 'service', username: `host-agent/${this.member}`, address: '', projects: null },
        project,
        requestId: operationId,
        correlationId: operationId,
        commandId: derivedId(operationId, 'finish'),
        traceparent,
      },
      body: { operationId, ...outcome },
    };
  }

  private file(operationId: string): string {
    return join(this.dir, `${operationId}.json`);
  }
}
