/** What is wrong with a name or a record that a user gave; the message says how to mend it. */
export type DnsInputProblem =
  | 'name.empty'
  | 'name.empty-label'
  | 'name.label-too-long'
  | 'name.too-long'
  | 'name.bad-escape'
  | 'name.bad-character'
  | 'name.not-ascii'
  | 'name.relative'
  | 'type.unknown'
  | 'type.not-data'
  | 'type.made-by-the-zone'
  | 'value.syntax'
  | 'value.missing-field'
  | 'value.extra-field'
  | 'value.bad-field'
  | 'value.too-long';

/** A name or a record that cannot be served. Thrown by the parsers; everything else that they throw is a defect. */
export class DnsInputError extends Error {
  override readonly name = 'DnsInputError';

  constructor(
    readonly problem: DnsInputProblem,
    message: string,
  ) {
    super(message);
  }
}
