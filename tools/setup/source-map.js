/**
 * Cuts a source map (ECMA-426) down to the sources that a test accepts. What Node reads when a service starts is then a
 * tenth: most of a bundle are libraries of others, whose names in a stack say enough.
 */
const { decode, encode } = require('@jridgewell/sourcemap-codec');

/** @param map a source map, version 3; @param accepts called with each source */
exports.onlySources = function onlySources(map, accepts) {
  const kept = new Map();
  map.sources.forEach((source, index) => accepts(source) && kept.set(index, kept.size));
  let isMapped = false;
  const lines = decode(map.mappings).map((line) =>
    line.flatMap(([column, source, sourceLine, sourceColumn]) => {
      const place = kept.get(source);
      // The end of what is mapped is said once.
      if (place === undefined && !isMapped) return [];
      isMapped = place !== undefined;
      return [isMapped ? [column, place, sourceLine, sourceColumn] : [column]];
    }),
  );
  return { version: 3, sources: map.sources.filter((_, index) => kept.has(index)), names: [], mappings: encode(lines) };
};
