export * from './ids';
export * from './errors';
export * from './subjects';
export * from './envelope';
export * from './agent';
export * from './commands';
export * from './lxd/operation';
