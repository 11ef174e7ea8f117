import { z } from 'zod';
import * as lxd from './scalar';

export const imagePut = z.object({
  auto_update: lxd.flag,
  properties: lxd.config,
  public: lxd.flag,
  expires_at: z.string().max(64).nullish(),
  profiles: lxd.nameList.nullish(),
});

export const imagePatch = z.object({
  auto_update: z.boolean().optional(),
  properties: lxd.patchConfig,
  public: z.boolean().optional(),
  expires_at: z.string().max(64).nullish(),
  profiles: lxd.nameList.nullish(),
});

export const imageAliasesPost = z.object({ name: lxd.name, description: lxd.text, target: lxd.name, type: lxd.name });
export const imageAliasPut = z.object({ description: lxd.text, target: lxd.name });
export const imageAliasPatch = z.object({ description: lxd.patchText, target: lxd.patchText });
