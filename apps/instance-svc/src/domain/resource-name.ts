import { WeftError } from '@weft/contracts';

const MAX_LENGTH = 255;

/** What every name must be, whatever it names: it becomes part of URLs, and of NATS subjects after escaping. */
function checkCommon(noun: string, name: string): void {
  if (name === '') throw new WeftError('request.invalid', 'No name provided');
  if (name.length > MAX_LENGTH) throw new WeftError('request.invalid', `${noun} names may not be longer than ${MAX_LENGTH} characters`);
  if (name === '.' || name === '..') throw new WeftError('request.invalid', `Invalid ${noun.toLowerCase()} name "${name}"`);
  if (/\p{Cc}/u.test(name)) throw new WeftError('request.invalid', `${noun} names may not contain control characters`);
}

/** Project names stand in URLs, in quoted lists and, joined with "_", in volume names. */
export function checkProjectName(name: string): void {
  checkCommon('Project', name);
  if (name === '*') throw new WeftError('request.invalid', 'The project name "*" is reserved');
  const refused = [
    ['/', 'slashes'],
    [' ', 'spaces'],
    ['_', 'underscores'],
    ["'", 'quotes'],
    ['"', 'quotes'],
  ] as const;
  for (const [character, word] of refused) {
    if (name.includes(character)) throw new WeftError('request.invalid', `Project names may not contain ${word}`);
  }
}

export function checkProfileName(name: string): void {
  checkCommon('Profile', name);
  if (name.includes('/')) throw new WeftError('request.invalid', 'Profile names may not contain slashes');
}

/** Slashes are usual in aliases: `debian/12`. */
export function checkAliasName(name: string): void {
  checkCommon('Alias', name);
}

/** Group names follow `@` in `--target @group`. */
export function checkClusterGroupName(name: string): void {
  checkCommon('Cluster group', name);
  if (/[/@\s]/.test(name)) throw new WeftError('request.invalid', 'Cluster group names may not contain slashes, "@" or spaces');
}
