import type { ProjectEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';
import { etagOf, sortedMap } from './etag';

export const DEFAULT_PROJECT = 'default';

export interface ActiveProject {
  status: 'active';
  id: string;
  name: string;
  description: string;
  config: Record<string, string>;
}

export type ProjectState = { status: 'none' } | ActiveProject | { status: 'deleted' };

export const projectFold: Fold<ProjectState, ProjectEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'ProjectCreated':
        return { status: 'active', id: event.data.id, name: event.data.name, description: event.data.description, config: event.data.config };
      case 'ProjectUpdated':
        return state.status === 'active' ? { ...state, description: event.data.description, config: event.data.config } : state;
      case 'ProjectRenamed':
        return state.status === 'active' ? { ...state, name: event.data.name } : state;
      case 'ProjectDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};

export const projectStream = (id: string): string => `project-${id}`;

export const projectEtag = (project: Pick<ActiveProject, 'description' | 'config'>): string => etagOf([project.description, sortedMap(project.config)]);
