/**
 * Which specs run first: those that take minutes. On a machine that has not run them Jest goes by the size of files, and
 * the last one to begin may be the longest. What failed or took long here before still comes first within its kind.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

const KINDS = [/\.system\.spec\.ts$/, /\.int\.spec\.ts$/];

const rank = ({ path }) => {
  const found = KINDS.findIndex((kind) => kind.test(path));
  return found === -1 ? KINDS.length : found;
};

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
