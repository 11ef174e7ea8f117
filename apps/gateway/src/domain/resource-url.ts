/** LXD resource URLs: `/1.0/<collection>/<name>[?project=<p>]`; the default project is never named. */
const projectSuffix = (project: string): string => (project === '' || project === 'default' ? '' : `?project=${encodeURIComponent(project)}`);

export const resourceUrl = (path: readonly string[], project = 'default'): string => `/1.0/${path.map(encodeURIComponent).join('/')}${projectSuffix(project)}`;

export const operationUrl = (id: string, project: string): string => resourceUrl(['operations', id], project);
