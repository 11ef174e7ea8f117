export * from './operation';
export * from './server';
export * from './project';
export * from './storage';
export * from './image';
export * from './instance';
export * from './network';
export * from './etag';
