export { anything, boolean, byteSize, expiryAfter, isTrue, oneOf, timeSpan, unsigned, type ValueCheck } from '@weft/contracts';
