/** The conversation has ended without the instance on the other side; the message is for the user. */
export class HandoverFailed extends Error {}
