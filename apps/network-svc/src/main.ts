import { runService } from '@weft/service';
import { SERVICE } from './commands/service-meta';
import { compose } from './composition';
import { networkConfig } from './network.config';

void runService({ name: SERVICE, config: networkConfig, compose });
