/**
 * Which folder may know which (docs/adr, STYLE): dependencies point inward. Nx tags guard the way between projects
 * (eslint.config.js), these rules the way between the folders of one.
 *
 *   main -> module -> adapters, clients, api -> commands, queries, sagas, reconcilers, projections -> domain -> contracts
 */
const SPEC = '\\.(spec|contract|fixture|testbed)\\.ts$|/testing/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'domain-is-pure',
      comment: 'Domain code knows the wire contracts and itself: no framework, no IO, no other folder. Hashing is pure; so are names and records of DNS.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/src/domain/', pathNot: SPEC },
      to: { pathNot: ['^apps/$1/src/domain/', '^libs/contracts/', '^libs/event-store/', '^node_modules/zod/', '^crypto$', '^libs/dns/'] },
    },
    {
      name: 'domain-takes-types-only',
      comment: 'Of the event store, domain code may know the shapes (Fold, NewEvent) and nothing that runs.',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/domain/', pathNot: SPEC },
      to: { path: '^libs/event-store/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'contracts-know-nobody',
      severity: 'error',
      from: { path: '^libs/contracts/', pathNot: SPEC },
      to: { path: '^(apps|tools|libs/(?!contracts/))' },
    },
    {
      name: 'no-app-in-app',
      comment: 'Services talk over NATS; what two of them need belongs into a library.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libraries-know-no-app',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|tools)/' },
    },
    {
      name: 'only-the-module-names-adapters',
      comment: 'Composition happens in <noun>.module.ts, composition.ts or main.ts; others get an interface.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/src/', pathNot: ['^apps/[^/]+/src/(adapters/|[^/]+\\.module\\.ts$|composition\\.ts$|main\\.ts$)', SPEC] },
      to: { path: '^apps/$1/src/adapters/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-test-code-in-production',
      severity: 'error',
      from: { path: '^(apps|libs|tools)/', pathNot: [SPEC, '^libs/testing/', '/bench/'] },
      to: { path: ['^libs/testing/', '\\.(spec|contract)\\.ts$', '^node_modules/(jest|fast-check|@jest)/'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nobody imports and that imports nobody is forgotten: use it or delete it.',
      severity: 'error',
      from: { orphan: true, pathNot: [SPEC, '/(main|index)\\.ts$', '\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'no-file-for-everything',
      comment: 'Name a file after what it is about: these names attract everything.',
      severity: 'error',
      from: {},
      to: { path: '^(apps|libs|tools)/.*/(utils?|helpers?|common|misc|managers?)(/|\\.ts$)' },
    },
    {
      name: 'declared-dependencies',
      comment: "Every import is in the package.json of its project: the root's are for tools only.",
      severity: 'error',
      from: { path: '^(apps|libs|tools)/', pathNot: [SPEC, '/bench/'] },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: ['(^|/)(dist|bundle)/'] },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.depcruise.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
    builtInModules: { add: [] },
  },
};
