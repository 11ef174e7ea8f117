/**
 * The system calls that a system container must not make, as a liblxc policy file (version 2, deny list): replacing
 * the kernel or its modules, and `open_by_handle_at`, which reaches files outside of the root by inode number.
 */
const DENIED = ['kexec_load', 'open_by_handle_at', 'init_module', 'finit_module', 'delete_module'] as const;

export const seccompPolicy = (): string => ['2', 'denylist', 'reject_force_umount', '[all]', ...DENIED.map((call) => `${call} errno 1`), ''].join('\n');
