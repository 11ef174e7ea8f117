import { connect } from '@nats-io/transport-node';
import { openChannel } from './channel';

/** A peer in a process of its own, for the test that kills it: echoes what it reads. Arguments: url, session id. */
async function main([url, sessionId]: string[]): Promise<void> {
  const nc = await connect({ servers: url });
  const channel = openChannel(nc, { sessionId: sessionId ?? '', channel: '0', side: 'server' });
  channel.pipe(channel);
}

void main(process.argv.slice(2));
