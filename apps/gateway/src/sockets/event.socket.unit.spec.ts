import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import { createTrustStore } from '../clients/trust.client';
import { actorOfCertificate, type Actor } from '../domain/policy';
import { endWithRights } from './event.socket';

const restrictedTo = (...projects: string[]): Actor => actorOfCertificate({ type: 'client', restricted: true, projects }, 'f', '::1', false);
const stranger = actorOfCertificate(undefined, '', '::1', false);

describe('a listener to events', () => {
  const trust = createTrustStore({
    rows: () => Promise.resolve([]),
    row: () => Promise.resolve(undefined),
    healthy: () => true,
    losses: () => 0,
    close: () => Promise.resolve(),
  });
  const codes = async (before: Actor, now: () => Promise<Actor>): Promise<number[]> => {
    const closed: number[] = [];
    const socket = Object.assign(new EventEmitter(), { close: (code: number) => closed.push(code) });
    endWithRights(socket as unknown as WebSocket, trust, before, now);
    trust.forget();
    await now().catch(() => undefined);
    await Promise.resolve();
    socket.emit('close');
    trust.forget();
    return closed;
  };

  it.each([
    ['its certificate is removed', stranger],
    ['it loses a project', restrictedTo('a')],
  ])('is sent away when %s', async (_what, now) => {
    expect(await codes(restrictedTo('a', 'b'), () => Promise.resolve(now))).toEqual([1008]);
  });

  it('is sent away when nobody can tell', async () => {
    expect(await codes(restrictedTo('a'), () => Promise.reject(new Error('no database')))).toEqual([1008]);
  });

  it('stays when the rights of others change, and is forgotten when it leaves', async () => {
    expect(await codes(restrictedTo('a'), () => Promise.resolve(restrictedTo('a')))).toEqual([]);
  });
});
