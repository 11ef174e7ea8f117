/** Names of what belongs to networks. They stand in URLs, in ACL selectors (`@net/peer`) and in OVN's matches. */
import { WeftError, type ErrorCode } from '@weft/contracts';

const MAX_LENGTH = 63;

/** @throws WeftError `network.invalid` */
export function checkNetworkName(name: string): void {
  const refuse = (why: string): never => {
    throw new WeftError('network.invalid', `Invalid network name "${name}": ${why}`);
  };
  if (name === '') throw new WeftError('network.invalid', 'No name provided');
  if (name.length > MAX_LENGTH) refuse(`it may not be longer than ${MAX_LENGTH} characters`);
  if (name === 'none') refuse('the name is reserved');
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/.test(name))
    refuse('use letters, digits, dots, colons, hyphens and underscores, the first one a letter, digit or underscore');
}

/** Of ACLs, peers and peer groups, in LXD's words. @throws WeftError of the given code */
export function checkAclLikeName(code: ErrorCode, name: string): void {
  if (name === '') throw new WeftError(code, 'Name is required');
  if (name.startsWith('@') || name.startsWith('#')) throw new WeftError(code, `Name cannot start with reserved character '${name[0]}'`);
  if (name.length > MAX_LENGTH) throw new WeftError(code, `Name must be 1-${MAX_LENGTH} characters long`);
  if (/^\d+$/.test(name)) throw new WeftError(code, 'Name cannot be a number');
  if (!/^[A-Za-z0-9-]+$/.test(name)) throw new WeftError(code, 'Name can only contain alphanumeric and hyphen characters');
  if (name.startsWith('-') || name.endsWith('-')) throw new WeftError(code, 'Name cannot start or end with a hyphen');
}
