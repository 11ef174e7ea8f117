/**
 * Cuts a source map (ECMA-426, "Mappings structure") down to the sources that a test accepts. What Node reads when a
 * service starts is then a tenth: most of a bundle are libraries of others, whose names in a stack say enough.
 */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]));

/** Numbers of one segment: five bits per digit, the sixth says that more follow, the lowest of the number is its sign. */
function decode(segment) {
  const numbers = [];
  let number = 0;
  let shift = 0;
  for (const digit of segment) {
    const value = VALUES.get(digit);
    number |= (value & 31) << shift;
    shift += 5;
    if (value & 32) continue;
    numbers.push(number & 1 ? -(number >>> 1) : number >>> 1);
    number = shift = 0;
  }
  return numbers;
}

function encode(number) {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}

/** @param map a source map, version 3; @param accepts called with each source */
exports.onlySources = function onlySources(map, accepts) {
  const kept = new Map();
  map.sources.forEach((source, index) => accepts(source) && kept.set(index, kept.size));
  // What a segment says is relative to the one before: of the map that is read, and of the one that is written.
  const read = [0, 0, 0, 0];
  const written = [0, 0, 0, 0];
  let isMapped = false;
  const lines = map.mappings.split(';').map((line) => {
    read[0] = written[0] = 0;
    const segments = [];
    for (const segment of line === '' ? [] : line.split(',')) {
      const change = decode(segment);
      for (let field = 0; field < Math.min(4, change.length); field++) read[field] += change[field];
      const source = change.length > 1 ? kept.get(read[1]) : undefined;
      if (source === undefined && !isMapped) continue;
      const place = source === undefined ? [read[0]] : [read[0], source, read[2], read[3]];
      segments.push(place.map((value, field) => encode(value - written[field])).join(''));
      place.forEach((value, field) => (written[field] = value));
      isMapped = source !== undefined;
    }
    return segments.join(',');
  });
  return { version: 3, sources: map.sources.filter((_, index) => kept.has(index)), names: [], mappings: lines.join(';') };
};
