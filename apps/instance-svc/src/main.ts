import { runService } from '@weft/service';
import { compose } from './composition';
import { instanceConfig } from './instance.config';
import { SERVICE } from './commands/service-meta';

void runService({ name: SERVICE, config: instanceConfig, compose });
