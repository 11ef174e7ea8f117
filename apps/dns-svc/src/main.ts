import { runService } from '@weft/service';
import { compose, SERVICE } from './composition';
import { dnsConfig } from './dns.config';

void runService({ name: SERVICE, config: dnsConfig, compose });
