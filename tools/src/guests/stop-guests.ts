import { callApi } from './api';

interface Instance {
  name: string;
  project: string;
  status: string;
}

/** Asks the running platform to stop every guest, at once and by force; resolves to how many there were. */
export const stopGuests = async (unixSocket: string): Promise<number> => {
  const projects = await callApi<{ name: string }[]>(unixSocket, 'GET', '/1.0/projects?recursion=1');
  const lists = await Promise.all(
    projects.map(({ name }) => callApi<Instance[]>(unixSocket, 'GET', `/1.0/instances?recursion=1&project=${encodeURIComponent(name)}`)),
  );
  const running = lists.flat().filter(({ status }) => status !== 'Stopped');
  const outcomes = await Promise.allSettled(
    running.map(({ name, project }) =>
      callApi(unixSocket, 'PUT', `/1.0/instances/${encodeURIComponent(name)}/state?project=${encodeURIComponent(project)}`, {
        action: 'stop',
        force: true,
        timeout: 30,
      }),
    ),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return running.length;
};
