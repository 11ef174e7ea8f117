export { eventually, type EventuallyOptions } from '@weft/embedded';
export { startNats, type TestNats } from './nats';
export { startPostgres, type TestPostgres } from './postgres';
export { scratchDir } from './scratch';
export { describeGoldenSamples, type GoldenNoun } from './golden-samples';
