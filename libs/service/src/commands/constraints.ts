import { WeftError, type ErrorCode } from '@weft/contracts';
import type { ConstraintViolation } from '@weft/event-store';

/** By the constraint's name in Postgres: the user's word for a projection that refused an append. */
export type ConstraintNames = Readonly<Record<string, readonly [ErrorCode, string]>>;

export function nameConstraint(names: ConstraintNames, violation: ConstraintViolation): WeftError {
  const [code, message] = names[violation.constraint] ?? ['internal', `Constraint ${violation.constraint} refused the change`];
  return new WeftError(code, message, { cause: violation });
}
