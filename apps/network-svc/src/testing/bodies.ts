/** Bodies of commands, as tests send them. */

/** Of `network-peer.create`. */
export const peer = (network: string, name: string, targetNetwork: string, targetProject = '') => ({
  network,
  name,
  description: '',
  config: {},
  targetProject,
  targetNetwork,
});
