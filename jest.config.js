/** One Jest project for the whole workspace: the file suffix says what a test needs (see CONTRIBUTING.md). */
module.exports = {
  testEnvironment: 'node',
  transform: { '^.+\\.(t|j|mj|cj)s$': ['@swc/jest'] },
  // Nest 12, execa and several other dependencies are ESM only: let swc turn them, and what they import, into
  // CommonJS. The large CommonJS ones are left alone.
  transformIgnorePatterns: ['/node_modules/(typescript|@swc|rxjs|typeorm|pg|@opentelemetry|fastify|ws|prettier|nx|@nx|eslint)/'],
  moduleNameMapper: {
    '^@weft/([^/]+)$': '<rootDir>/libs/$1/src',
    '^@weft/([^/]+)/(.+)$': '<rootDir>/libs/$1/src/$2',
    // A dependency of execa that exports itself to `import` only.
    '^unicorn-magic$': '<rootDir>/node_modules/unicorn-magic/node.js',
  },
  testSequencer: '<rootDir>/libs/testing/longest-first.cjs',
  testMatch: ['<rootDir>/{apps,libs,test,tools}/**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.*/(dist|bundle)/'],
  // A limit for what hangs, not a measure of what is slow: machines that run tests are busy.
  testTimeout: 60_000,
};
