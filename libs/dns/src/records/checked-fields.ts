/** Fields whose octets name servers check when they receive them: what passes here must pass there. */
import { badField, type FieldCodec, type Octets } from './field';
import { octetsOf, quoted } from './tokens';

/** Octets of a fingerprint by the value of an earlier field; other values may have any length. */
const digest =
  (kind: string, octetsByKind: Readonly<Record<number, number>>, kindAt: number) =>
  (rdata: string): void => {
    const type = rdata.charCodeAt(kindAt);
    const expected = octetsByKind[type];
    const present = rdata.length - kindAt - 1;
    if (expected !== undefined && present !== expected) badField(`a ${kind} of type ${type} has ${expected} octets, not ${present}`);
  };

export const dsDigest = digest('digest', { 1: 20, 2: 32, 4: 48 }, 3);
export const sshFingerprint = digest('fingerprint', { 1: 20, 2: 32 }, 1);
export const tlsaDigest = digest('digest', { 1: 32, 2: 64 }, 2);

/** CDS may ask for the removal of DS records: 0 0 0 00 (RFC 8078 section 4). */
export const cdsDigest = (rdata: string): void => {
  if (rdata !== '\0\0\0\0\0') dsDigest(rdata);
};

/** RFC 8659 section 4.1. */
export const caaTag: FieldCodec = {
  parse: (words) => {
    const tag = words.word();
    if (!/^[A-Za-z0-9]{1,255}$/.test(tag)) badField(`"${tag}" is no tag of letters and digits, such as issue, issuewild or iodef`);
    return String.fromCharCode(tag.length) + tag;
  },
  render: (octets) => {
    const tag = octets.take(octets.uint(1));
    return /^[A-Za-z0-9]+$/.test(tag) ? tag : badField('the tag has other characters than letters and digits');
  },
};

/** RFC 3403 section 4.1: letters and digits, any order. */
const checkFlags = (flags: string): string => (/^[A-Za-z0-9]*$/.test(flags) ? flags : badField(`"${flags}" has other characters than letters and digits`));

export const naptrFlags: FieldCodec = {
  parse: (words) => {
    const flags = checkFlags(octetsOf(words.next().text));
    return flags.length > 255 ? badField('it is longer than 255 octets') : String.fromCharCode(flags.length) + flags;
  },
  render: (octets) => quoted(checkFlags(octets.take(octets.uint(1)))),
};

/** delimiter regex delimiter replacement delimiter ["i"] (RFC 3402 section 3.2). */
const checkSubstitution = (expression: string): string => {
  if (expression === '') return expression;
  const delimiter = expression[0]!;
  if (/[0-9\\i\0]/.test(delimiter)) badField(`"${delimiter}" cannot be the delimiter of a substitution`);
  const parts: string[] = [''];
  for (let at = 1; at < expression.length; at++) {
    if (expression[at] === '\0') badField('the substitution has a zero octet');
    if (expression[at] === delimiter) parts.push('');
    else if (expression[at] === '\\' && at + 1 < expression.length) parts[parts.length - 1] += expression[at]! + expression[++at]!;
    else parts[parts.length - 1] += expression[at]!;
  }
  const [regex = '', replacement = '', flags] = parts;
  if (parts.length !== 3 || regex === '' || !/^i?$/.test(flags!)) badField(`"${expression}" is no substitution of the form !regex!replacement!`);
  const groups = (regex.match(/(^|[^\\])(\\\\)*\(/g) ?? []).length;
  for (const reference of replacement.matchAll(/\\([0-9])/g)) {
    if (reference[1] === '0' || Number(reference[1]) > groups) badField(`\\${reference[1]} refers to a group that the regular expression does not have`);
  }
  return expression;
};

export const naptrSubstitution: FieldCodec = {
  parse: (words) => {
    const expression = checkSubstitution(octetsOf(words.next().text));
    return expression.length > 255 ? badField('it is longer than 255 octets') : String.fromCharCode(expression.length) + expression;
  },
  render: (octets: Octets) => quoted(checkSubstitution(octets.take(octets.uint(1)))),
};
