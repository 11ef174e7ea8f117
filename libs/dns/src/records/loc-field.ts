/**
 * LOC (RFC 1876): d1 [m1 [s1]] {N|S} d2 [m2 [s2]] {E|W} alt[m] [size[m] [horizontal[m] [vertical[m]]]]
 *
 *   version 0 | size | horizontal precision | vertical precision | latitude | longitude | altitude
 *   lengths as mantissa and exponent of centimetres, angles in 1/1000 second from 2^31, altitude in cm from -100 km
 */
import { badField, type FieldCodec, uintOctets, type Words } from './field';

const EQUATOR = 2 ** 31;
const SEA_LEVEL_CM = 10_000_000;

const angle = (words: Words, hemispheres: readonly [string, string], maxDegrees: number): number => {
  const parts: number[] = [];
  for (;;) {
    const word = words.word();
    const sign = hemispheres.indexOf(word.toUpperCase());
    if (sign >= 0 && parts.length > 0) {
      const [degrees = 0, minutes = 0, seconds = 0] = parts;
      const milliseconds = Math.round(((degrees * 60 + minutes) * 60 + seconds) * 1000);
      if (minutes >= 60 || seconds >= 60 || milliseconds > maxDegrees * 3_600_000) badField(`the angle is larger than ${maxDegrees} degrees or is no angle`);
      return sign === 0 ? EQUATOR + milliseconds : EQUATOR - milliseconds;
    }
    if (parts.length === 3 || !(parts.length === 2 ? /^[0-9]{1,2}(\.[0-9]{1,3})?$/ : /^[0-9]{1,3}$/).test(word)) {
      badField(`"${word}" where degrees, minutes, seconds and ${hemispheres.join(' or ')} are expected`);
    }
    parts.push(Number(word));
  }
};

const centimetres = (word: string): number => {
  const metres = /^(-?[0-9]{1,8}(?:\.[0-9]{1,2})?)m?$/.exec(word)?.[1];
  return metres === undefined ? badField(`"${word}" is no length in metres`) : Math.round(Number(metres) * 100);
};

const precision = (words: Words, fallbackCm: number): string => {
  const cm = words.left > 0 ? centimetres(words.word()) : fallbackCm;
  let exponent = 0;
  let mantissa = cm;
  for (; mantissa >= 10 && exponent < 9; exponent++) mantissa = Math.floor(mantissa / 10);
  if (cm < 0 || mantissa > 9) badField('a length from 0 to 90000000 metres is expected');
  return String.fromCharCode(mantissa * 16 + exponent);
};

const renderAngle = (value: number, hemispheres: readonly [string, string], maxDegrees: number): string => {
  const distance = Math.abs(value - EQUATOR);
  if (distance > maxDegrees * 3_600_000) badField(`the angle is larger than ${maxDegrees} degrees`);
  const seconds = (distance % 60_000) / 1000;
  return `${Math.floor(distance / 3_600_000)} ${Math.floor(distance / 60_000) % 60} ${seconds.toFixed(3)} ${value >= EQUATOR ? hemispheres[0] : hemispheres[1]}`;
};

const renderPrecision = (octet: number): string => {
  const mantissa = octet >> 4;
  const exponent = octet & 15;
  if (mantissa > 9 || exponent > 9) badField('a length is no decimal mantissa and exponent');
  return `${((mantissa * 10 ** exponent) / 100).toFixed(2)}m`;
};

export const location: FieldCodec = {
  parse: (words) => {
    const latitude = angle(words, ['N', 'S'], 90);
    const longitude = angle(words, ['E', 'W'], 180);
    const altitude = centimetres(words.word()) + SEA_LEVEL_CM;
    if (altitude < 0 || altitude >= 2 ** 32) badField('the altitude lies outside of -100000 to 42849672.95 metres');
    const lengths = precision(words, 100) + precision(words, 1_000_000) + precision(words, 1_000);
    return `\0${lengths}${uintOctets(latitude, 4)}${uintOctets(longitude, 4)}${uintOctets(altitude, 4)}`;
  },
  render: (octets) => {
    if (octets.uint(1) !== 0) badField('the version is not 0');
    const lengths = [octets.uint(1), octets.uint(1), octets.uint(1)].map(renderPrecision).join(' ');
    const latitude = renderAngle(octets.uint(4), ['N', 'S'], 90);
    const longitude = renderAngle(octets.uint(4), ['E', 'W'], 180);
    return `${latitude} ${longitude} ${((octets.uint(4) - SEA_LEVEL_CM) / 100).toFixed(2)}m ${lengths}`;
  },
};
