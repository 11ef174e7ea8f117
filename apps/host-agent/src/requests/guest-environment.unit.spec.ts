import { guestEnvironment } from './guest-environment';

const spec = (config: Record<string, string>) => ({
  id: '',
  project: 'default',
  name: 'c1',
  type: 'container' as const,
  architecture: 'x86_64',
  ephemeral: false,
  imageFingerprint: '',
  config,
  devices: {},
});
const request = { environment: {}, user: 0, cwd: '', interactive: false };
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

describe('guestEnvironment', () => {
  it('gives root a home, and commands a path and a locale', () => {
    expect(guestEnvironment(spec({}), request)).toEqual({ environment: { PATH, LANG: 'C.UTF-8', HOME: '/root', USER: 'root' }, cwd: '/root' });
  });

  it('invents no home for other users, and starts them at the root', () => {
    expect(guestEnvironment(spec({}), { ...request, user: 1000 })).toEqual({ environment: { PATH, LANG: 'C.UTF-8' }, cwd: '/' });
  });

  it('puts the request over the configuration, and both over the defaults', () => {
    const { environment, cwd } = guestEnvironment(spec({ 'environment.LANG': 'de_DE.UTF-8', 'environment.A': 'config', 'user.x': 'no' }), {
      ...request,
      environment: { A: 'request', HOME: '/home' },
      interactive: true,
    });
    expect(environment).toEqual({ PATH, LANG: 'de_DE.UTF-8', A: 'request', HOME: '/home', USER: 'root', TERM: 'xterm' });
    expect(cwd).toBe('/home');
  });
});
