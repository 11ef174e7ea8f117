import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, NatsContext, Payload } from '@nestjs/microservices';
import { commandSubject, INSTANCE_CONTEXT, instanceCommands, type CommandReply } from '@weft/contracts';
import { CommandRouter } from './command-router';

const PREFIX = commandSubject(INSTANCE_CONTEXT, '');
const SUBJECTS = Object.keys(instanceCommands).map((name) => commandSubject(INSTANCE_CONTEXT, name));

/** Every command of the catalogue, from NATS request/reply. The router never throws: each request gets a reply. */
@Controller()
export class CommandsController {
  constructor(private readonly router: CommandRouter) {}

  @MessagePattern(SUBJECTS)
  handle(@Payload() envelope: unknown, @Ctx() context: NatsContext): Promise<CommandReply> {
    return this.router.route(context.getSubject().slice(PREFIX.length), envelope);
  }
}
