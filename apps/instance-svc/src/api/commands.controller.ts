import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, NatsContext, Payload } from '@nestjs/microservices';
import { commandSubject, INSTANCE_CONTEXT, instanceCommands, type CommandReply } from '@weft/contracts';
import { z } from 'zod';
import { CommandRouter } from './command-router';

const PREFIX = commandSubject(INSTANCE_CONTEXT, '');
const FINISH = 'operation.finish';
const SUBJECTS = Object.keys(instanceCommands).map((name) => commandSubject(INSTANCE_CONTEXT, name === FINISH ? `${FINISH}.*` : name));

/** Every command of the catalogue, from NATS request/reply. The router never throws: each request gets a reply. */
@Controller()
export class CommandsController {
  constructor(private readonly router: CommandRouter) {}

  @MessagePattern(SUBJECTS)
  handle(@Payload() envelope: unknown, @Ctx() context: NatsContext): Promise<CommandReply> {
    const name = context.getSubject().slice(PREFIX.length);
    if (!name.startsWith(`${FINISH}.`)) return this.router.route(name, envelope);
    return this.router.route(FINISH, saidBy(name.slice(FINISH.length + 1), envelope));
  }
}

/** Who an agent is, its subject says and NATS has checked; what it says of itself counts for nothing. */
function saidBy(member: string, envelope: unknown): unknown {
  const parts = z.object({ meta: z.looseObject({}), body: z.unknown() }).safeParse(envelope);
  if (!parts.success) return envelope;
  const { meta, body } = parts.data;
  return { meta: { ...meta, actor: { protocol: 'service', username: member, address: '', projects: null } }, body };
}
