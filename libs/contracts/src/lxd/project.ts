import { z } from 'zod';
import * as lxd from './scalar';

export const projectsPost = z.object({ name: lxd.name, description: lxd.text, config: lxd.config });
export const projectPut = z.object({ description: lxd.text, config: lxd.config });
export const projectPatch = z.object({ description: lxd.patchText, config: lxd.patchConfig });

export const profilesPost = z.object({ name: lxd.name, description: lxd.text, config: lxd.config, devices: lxd.devices });
export const profilePut = z.object({ description: lxd.text, config: lxd.config, devices: lxd.devices });
export const profilePatch = z.object({ description: lxd.patchText, config: lxd.patchConfig, devices: lxd.patchDevices });

/** `POST /1.0/<noun>/<name>`: a rename. */
export const renamePost = z.object({ name: lxd.name });
