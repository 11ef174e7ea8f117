import { z } from 'zod';
import * as lxd from './scalar';

export const storagePoolPut = z.object({ description: lxd.text, config: lxd.config });
export const storagePoolPatch = z.object({ description: lxd.patchText, config: lxd.patchConfig });
