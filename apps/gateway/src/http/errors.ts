import { WeftError } from '@weft/contracts';

/** SQLSTATE of an invalid regular expression: the user's filter, not our query. */
const INVALID_REGULAR_EXPRESSION = '2201B';
const QUERY_CANCELED = '57014';

/** What a user may see of an error: expected failures say what is wrong, defects do not tell about our insides. */
export function publicError(error: unknown): { status: number; message: string } {
  if (error instanceof WeftError) return { status: error.status, message: error.message };
  const code = (error as { code?: unknown } | null)?.code;
  if (code === INVALID_REGULAR_EXPRESSION) return { status: 400, message: 'Invalid filter: a value is not a sound regular expression' };
  if (code === QUERY_CANCELED) return { status: 400, message: 'The query took too long; ask for less with a simpler filter' };
  return { status: 500, message: 'An unexpected error occurred; the log of the gateway has the details' };
}
