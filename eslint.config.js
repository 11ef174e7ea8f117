const nx = require('@nx/eslint-plugin');
const typescript = require('typescript-eslint');

/** Every ban names what to use instead. */
const bannedImports = {
  paths: [
    {
      name: 'node:child_process',
      importNames: ['exec', 'execSync'],
      message: 'A shell string can be injected into: use execa, execFile or spawn with an array of arguments.',
    },
    { name: 'child_process', message: 'Write node:child_process, and pass arguments as an array.' },
    { name: 'nats', message: 'Use @nats-io/transport-node and @nats-io/jetstream, its successors.' },
    { name: '@nestjs/cqrs', message: 'Its bus is in memory: use libs/event-store (commands) and libs/saga.' },
    { name: '@nestjs/event-emitter', message: 'Its events are lost with the process: append to the event log and consume it.' },
    { name: 'uuid', message: 'Use newId or derivedId of @weft/contracts: one scheme of ids for all.' },
  ],
  patterns: [{ group: ['@weft/*/dist/*', '@weft/*/src/*'], message: 'Import what the library exports through its index.' }],
};

const impure = (what) => `Domain code is pure: ${what} comes in with the command.`;

module.exports = typescript.config(
  { ignores: ['**/dist/**', '**/bundle/**', '**/node_modules/**', 'coverage/**', '.nx/**'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  ...typescript.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    // Imports that Nest's decorators need at run time are no type imports.
    languageOptions: { parserOptions: { emitDecoratorMetadata: true, experimentalDecorators: true } },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          enforceBuildableLibDependency: false,
          depConstraints: [
            { sourceTag: 'kind:app', onlyDependOnLibsWithTags: ['kind:lib'] },
            { sourceTag: 'kind:tool', onlyDependOnLibsWithTags: ['kind:lib'] },
            { sourceTag: 'layer:contracts', onlyDependOnLibsWithTags: ['layer:contracts'] },
            { sourceTag: 'layer:capability', onlyDependOnLibsWithTags: ['layer:contracts', 'layer:capability', 'layer:testing'] },
            { sourceTag: 'layer:testing', onlyDependOnLibsWithTags: ['layer:contracts', 'layer:capability', 'layer:testing'] },
          ],
        },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-empty-object-type': 'off',
      'no-restricted-imports': ['error', bannedImports],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: "Property[key.name='shell'][value.value=true]", message: 'No shell: pass a command and an array of arguments.' },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['apps/*/src/domain/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-globals': ['error', { name: 'process', message: impure('configuration') }],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: impure('time') },
        { object: 'Math', property: 'random', message: impure('chance') },
      ],
      'no-restricted-syntax': ['error', { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: impure('time') }],
    },
  },
  { files: ['libs/contracts/src/ids.ts'], rules: { 'no-restricted-imports': 'off' } },
  // Telemetry is large, and loaded only when it is asked for, before everything that it watches.
  { files: ['libs/platform/src/telemetry.ts'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['**/*.spec.ts', '**/*.contract.ts'], rules: { 'max-lines': 'off' } },
  { files: ['bench/**/*.ts', '**/bench/**/*.ts'], rules: { 'no-console': 'off' } },
  { files: ['**/*.js', '**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
