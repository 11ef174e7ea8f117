import { derivedId } from '@weft/contracts';
import type { SagaContext } from '@weft/saga';
import type { Cause } from '@weft/service';
import type { HostWork } from './saga-params';

/** What steps about ports need of the saga that they are of. */
export type PortContext = Pick<SagaContext<Pick<HostWork, 'meta' | 'member'>, Record<string, unknown>>, 'params' | 'commandId' | 'signal' | 'log'>;

/** The saga's own meta, with an id of its own for every call of a step: a repeat is the same call. */
export const causeOf = (ctx: PortContext, name: string): Cause => ({ meta: ctx.params.meta, commandId: derivedId(ctx.commandId, name), signal: ctx.signal });
