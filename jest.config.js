/** One Jest project for the whole workspace: the file suffix says what a test needs (see CONTRIBUTING.md). */
module.exports = {
  testEnvironment: 'node',
  transform: { '^.+\\.(t|j|mj|cj)s$': ['@swc/jest'] },
  // Nest 12 and several of our dependencies are ESM only: let swc turn them into CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|@nats-io|uuid|execa|koffi|zod|fast-check)/)'],
  moduleNameMapper: { '^@weft/([^/]+)$': '<rootDir>/libs/$1/src', '^@weft/([^/]+)/(.+)$': '<rootDir>/libs/$1/src/$2' },
  testMatch: ['<rootDir>/{apps,libs,test,tools}/**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
  // A limit for what hangs, not a measure of what is slow: machines that run tests are busy.
  testTimeout: 60_000,
};
