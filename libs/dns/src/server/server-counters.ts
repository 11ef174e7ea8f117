/** Since the start; read them, they go on counting. */
export interface ServerCounters {
  udpRequests: number;
  udpResponses: number;
  udpSendErrors: number;
  /** Questions that were not read, and answers that were dropped or emptied. */
  rateLimited: number;
  tcpRequests: number;
  /** Open now. */
  tcpConnections: number;
  tcpRefused: number;
}

export const newCounters = (): ServerCounters => ({
  udpRequests: 0,
  udpResponses: 0,
  udpSendErrors: 0,
  rateLimited: 0,
  tcpRequests: 0,
  tcpConnections: 0,
  tcpRefused: 0,
});
