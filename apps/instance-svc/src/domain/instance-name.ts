import { WeftError } from '@weft/contracts';

const MAX_LENGTH = 63;

/** Instance names are host names (RFC 1123 labels that begin with a letter, as LXD wants them). */
export function checkInstanceName(name: string): void {
  const problem = nameProblem(name);
  if (problem) throw new WeftError('request.invalid', `Invalid instance name: ${problem}`);
}

function nameProblem(name: string): string | undefined {
  if (name.length < 1 || name.length > MAX_LENGTH) return 'Name must be 1-63 characters long';
  if (/^\d+$/.test(name)) return 'Name cannot be a number';
  if (name.startsWith('-') || name.endsWith('-')) return 'Name must not start or end with "-" character';
  if (/^\d/.test(name)) return 'Name must not start with a number';
  if (!/^[A-Za-z0-9-]+$/.test(name)) return 'Name can only contain alphanumeric and hyphen characters';
  return undefined;
}

const ADJECTIVES = [
  'able',
  'amber',
  'brave',
  'brisk',
  'calm',
  'clear',
  'crisp',
  'dapper',
  'eager',
  'early',
  'fair',
  'fleet',
  'fresh',
  'gentle',
  'glad',
  'grand',
  'happy',
  'keen',
  'kind',
  'lively',
  'loyal',
  'mellow',
  'merry',
  'mighty',
  'neat',
  'noble',
  'proud',
  'quick',
  'quiet',
  'rapid',
  'ready',
  'sharp',
  'smart',
  'solid',
  'steady',
  'sunny',
  'swift',
  'tidy',
  'warm',
  'wise',
];
const ANIMALS = [
  'badger',
  'beaver',
  'bison',
  'cod',
  'crane',
  'deer',
  'dove',
  'eagle',
  'ferret',
  'finch',
  'fox',
  'gecko',
  'goat',
  'goose',
  'hare',
  'hawk',
  'heron',
  'horse',
  'ibex',
  'jay',
  'koala',
  'lark',
  'lion',
  'lynx',
  'mole',
  'moose',
  'newt',
  'otter',
  'owl',
  'panda',
  'pike',
  'raven',
  'robin',
  'seal',
  'stork',
  'swan',
  'toad',
  'trout',
  'wolf',
  'wren',
];

/** A name for who gave none; the same `seed` (an id) gives the same name. */
export function generateName(seed: string): string {
  const hex = seed
    .replace(/[^0-9a-f]/gi, '')
    .slice(-8)
    .padStart(8, '0');
  const number = Number.parseInt(hex, 16);
  const adjective = ADJECTIVES[number % ADJECTIVES.length]!;
  const animal = ANIMALS[Math.floor(number / ADJECTIVES.length) % ANIMALS.length]!;
  return `${adjective}-${animal}-${hex.slice(-3)}`;
}
