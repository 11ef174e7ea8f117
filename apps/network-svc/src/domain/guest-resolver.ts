import { isOn, networkAddress } from './network.settle';

/** Whether guests of a network ask a resolver on their own host. DHCP tells them where it is: without it nobody would know. */
export const hasGuestResolver = (config: Readonly<Record<string, string>>): boolean => networkAddress(config, 4) !== undefined && isOn(config['ipv4.dhcp']);
