/**
 * Every NATS subject and JetStream name of the platform. Append-only: another service may listen.
 *
 *   weft.event.<context>.<project>.<noun>.<id>   JetStream WEFT_EVENTS   domain events (CloudEvents)
 *   weft.poke.<context>                          core                    "something was appended", up to where
 *   weft.cmd.<context>.<name>                    core request/reply      commands and queries, queue group = service
 *   weft.cmd.instance.operation.finish.<member>  core request/reply      an agent ends an exec or console operation
 *   weft.cmd.instance.member.join.<member>       core request/reply      an agent asks to be a member
 *   weft.progress.<project>.<operationId>        core                    rendered LXD operation while it runs
 *   weft.task.<member>                           JetStream WEFT_TASKS    durable work for one host (work queue)
 *   weft.task-result.<taskId>                    core                    outcome of a task
 *   weft.task-progress.<taskId>                  core                    progress of a task
 *   weft.agent.<member>.<verb>                   core request/reply      interactive requests to one host
 *   weft.heartbeat.<member>                      core                    what a host runs and has
 *   weft.dns.question                            core request/reply      DNS questions of guests, whole messages
 *   weft.session.<sessionId>.<channel>.<side>    core                    byte channels (exec, console, files)
 */
export const EVENTS_STREAM = 'WEFT_EVENTS';
export const TASKS_STREAM = 'WEFT_TASKS';

/** One NATS subject token, `_` for an empty name: dots, wildcards and blanks would change the subject's shape. */
export const token = (name: string): string => (name === '' ? '_' : name.replace(/[^A-Za-z0-9_-]/g, (c) => `=${c.codePointAt(0)!.toString(16)}=`));

export const eventSubject = (context: string, project: string, noun: string, id: string): string =>
  `weft.event.${token(context)}.${token(project)}.${token(noun)}.${token(id)}`;
export const pokeSubject = (context: string): string => `weft.poke.${context}`;
export const commandSubject = (context: string, name: string): string => `weft.cmd.${context}.${name}`;
/** An agent ends an operation that it carries: its name is in the subject, which permissions can tell apart. */
export const finishSubject = (member: string): string => `${commandSubject('instance', 'operation.finish')}.${token(member)}`;
export const joinSubject = (member: string): string => `${commandSubject('instance', 'member.join')}.${token(member)}`;
export const progressSubject = (project: string, operationId: string): string => `weft.progress.${token(project)}.${operationId}`;
export const taskSubject = (member: string): string => `weft.task.${token(member)}`;
export const taskResultSubject = (taskId: string): string => `weft.task-result.${taskId}`;
export const taskProgressSubject = (taskId: string): string => `weft.task-progress.${taskId}`;
export const agentSubject = (member: string, verb: string): string => `weft.agent.${token(member)}.${verb}`;
/** DNS messages from guests (RFC 1035), answered by any replica of the DNS service; an empty reply: no answer. */
export const dnsQuestionSubject = 'weft.dns.question';
/** `network`: id of the guest's network; `transport`: udp or tcp, how the guest asked. */
export const dnsQuestionHeaders = { network: 'weft-network', transport: 'weft-transport' } as const;
export const heartbeatSubject = (member: string): string => `weft.heartbeat.${token(member)}`;
export const sessionSubject = (sessionId: string, channel: string, side: 'client' | 'server'): string => `weft.session.${sessionId}.${token(channel)}.${side}`;
