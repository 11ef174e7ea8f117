export { checkEtag, etagOf, sortedMap, sortedMaps } from '@weft/contracts';
