/** Sizes that `lxc launch -t` names: `c2-m4` is two CPUs and 4 GB (LXD's "instance types"). Pure. */
import { WeftError } from '@weft/contracts';

/**
 * The limits that a size stands for; the user's own keys win over them.
 * @param size `c<CPUs>`, `m<GB>` or both, joined by "-"; "" stands for no limits
 * @throws WeftError `config.invalid` for any other: names of public clouds' sizes come from a list on the internet
 */
export function limitsOfSize(size: string): Record<string, string> {
  if (size === '') return {};
  const [, cpus, gigabytes] = /^(?=[cm])(?:c(\d{1,4}))?(?:(?:^|-)m(\d{1,6}(?:\.\d{1,3})?))?$/.exec(size) ?? [];
  const megabytes = Math.floor(Number(gigabytes ?? 0) * 1024);
  if ((cpus === undefined && gigabytes === undefined) || Number(cpus) === 0 || (gigabytes !== undefined && megabytes === 0))
    throw new WeftError('config.invalid', `Unknown instance type "${size}": name CPUs and GB of memory, such as c2-m4`);
  return {
    ...(cpus === undefined ? {} : { 'limits.cpu': String(Number(cpus)) }),
    ...(gigabytes === undefined ? {} : { 'limits.memory': `${megabytes}MB` }),
  };
}
