/** Many host agents with simulated guests in one process: what the platform sees of them is real. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@weft/platform';
import { startAgent } from '../../apps/host-agent/src/agent';
import { agentConfig } from '../../apps/host-agent/src/agent.config';

async function main(): Promise<void> {
  const members = (process.env.BENCH_MEMBERS ?? '').split(',');
  const logger = createLogger('hosts', process.env.WEFT_LOG_LEVEL ?? 'fatal');
  for (const member of members) {
    const config = agentConfig({ ...process.env, WEFT_MEMBER: member, WEFT_DRIVERS: 'sim' });
    mkdirSync(join(config.dir), { recursive: true });
    await startAgent(config, logger);
  }
  process.send?.('ready');
  // Ends with whoever started it.
  process.once('disconnect', () => process.exit(0));
}

void main();
