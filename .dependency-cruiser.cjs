/** The rules of the house that are about imports: no cycles, and each layer knows only what it may. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'lib-knows-no-campaigns',
      severity: 'error',
      from: { path: '^lib/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(app|schemas|config|test|scripts)/' },
    },
    {
      name: 'production-never-imports-tests',
      severity: 'error',
      from: { path: '^(app|lib|schemas|config|scripts)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'only-datastores-see-mongodb',
      severity: 'error',
      from: { path: '^(app|lib|schemas|scripts)/', pathNot: ['^app/datastore/', '\\.test\\.ts$'] },
      to: { path: 'node_modules/(mongodb|mingo|lmdb)/' },
    },
    {
      name: 'only-http-sees-koa',
      severity: 'error',
      from: { path: '^app/', pathNot: ['^app/router/', '^app/http\\.ts$', '\\.test\\.ts$'] },
      to: { path: 'node_modules/(@koa|koa)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'managers-know-no-http',
      severity: 'error',
      from: { path: '^app/managers/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(app/router|lib/middlewares)/' },
    },
    {
      name: 'schemas-stand-alone',
      severity: 'error',
      from: { path: '^schemas/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(app|scripts|config)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js'],
    },
  },
};
