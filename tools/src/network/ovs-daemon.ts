/** What all programs of Open vSwitch and OVN have in common: ovs-vswitchd(8), ovsdb-server(1). */
import { connect } from 'node:net';

/** Nothing to syslog, nothing to the packages' own log directory. */
export const TO_STDERR = ['-vsyslog:off', '-vfile:off', '-vconsole:info', '--no-chdir'];

/** Every place that they would share with the packages' own services is ours. */
export const ovsEnvironment = (dir: string): NodeJS.ProcessEnv => ({
  PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`,
  OVS_RUNDIR: dir,
  OVS_LOGDIR: dir,
  OVS_DBDIR: dir,
  OVS_SYSCONFDIR: dir,
  OVN_RUNDIR: dir,
  OVN_LOGDIR: dir,
  OVN_DBDIR: dir,
});

/** Does somebody accept connections? A killed server leaves its socket. */
export const answers = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(socketPath);
    const answer = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
