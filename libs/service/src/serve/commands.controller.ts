import 'reflect-metadata';
import { Controller, type Type } from '@nestjs/common';
import { Ctx, MessagePattern, NatsContext, Payload } from '@nestjs/microservices';
import { commandSubject, type CommandReply } from '@weft/contracts';
import { z } from 'zod';
import type { Commands } from '../commands/command-router';
import { serviceActor } from '../commands/execute';

/** A Nest controller for every command of the table, from NATS request/reply. The router never throws: each request gets a reply. */
export function commandsController(commands: Commands): Type {
  const prefix = commandSubject(commands.context, '');
  const subjects = commands.names.map((name) => `${prefix}${commands.fromMembers.includes(name) ? `${name}.*` : name}`);

  @Controller()
  class CommandsController {
    @MessagePattern(subjects)
    handle(@Payload() envelope: unknown, @Ctx() context: NatsContext): Promise<CommandReply> {
      const name = context.getSubject().slice(prefix.length);
      const command = commands.fromMembers.find((one) => name.startsWith(`${one}.`));
      return command === undefined ? commands.route(name, envelope) : commands.route(command, saidBy(name.slice(command.length + 1), envelope));
    }
  }
  return CommandsController;
}

/** Who an agent is, its subject says and NATS has checked; what it says of itself counts for nothing. */
function saidBy(member: string, envelope: unknown): unknown {
  const parts = z.object({ meta: z.looseObject({}), body: z.unknown() }).safeParse(envelope);
  if (!parts.success) return envelope;
  const { meta, body } = parts.data;
  return { meta: { ...meta, actor: serviceActor(member) }, body };
}
