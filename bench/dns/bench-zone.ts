/** The zone of the benchmark: host<i> A 10.x.y.z, the same for every server. */
export const BENCH_ZONE = 'bench.example';

export const addressOf = (index: number): string => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;

export const hostLines = (count: number): string[] => Array.from({ length: count }, (_, index) => `host${index} 300 A ${addressOf(index)}`);

export const zoneFile = (count: number): string => `$ORIGIN ${BENCH_ZONE}.
@ 3600 IN SOA ns1 hostmaster 1 3600 60 86400 30
@ 300 IN NS ns1
ns1 300 IN A 127.0.0.1
${Array.from({ length: count }, (_, index) => `host${index} 300 IN A ${addressOf(index)}`).join('\n')}
`;
