export { canonicalJson } from '@weft/contracts';
