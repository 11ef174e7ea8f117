import { WeftError, type StagedImage } from '@weft/contracts';
import { parse } from 'yaml';
import { z } from 'zod';

export const MAX_METADATA_YAML_BYTES = 1024 * 1024;

const seconds = z.coerce.number().int().min(0).default(0);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => (value === null ? '' : String(value)));

/** metadata.yaml of an image, as LXD documents it ("Image format"); unknown keys are for others. */
const metadataYaml = z.object({
  architecture: z.string().min(1),
  creation_date: seconds,
  expiry_date: seconds,
  properties: z.record(z.string().max(256), scalar.pipe(z.string().max(64 * 1024))).nullish(),
});

const ARCHITECTURES: Readonly<Record<string, string>> = {
  amd64: 'x86_64', x86_64: 'x86_64', i386: 'i686', i586: 'i686', i686: 'i686', arm64: 'aarch64', aarch64: 'aarch64',
  armhf: 'armv7l', armv7l: 'armv7l', armv7: 'armv7l', armel: 'armv6l', armv6l: 'armv6l', ppc64el: 'ppc64le', ppc64le: 'ppc64le',
  s390x: 's390x', riscv64: 'riscv64',
}; // prettier-ignore

export type ImageMetadata = Pick<StagedImage, 'architecture' | 'creationDate' | 'expiryDate' | 'properties'>;

/** @throws WeftError image.invalid, with what is wrong in it */
export function parseImageMetadata(text: string): ImageMetadata {
  const parsed = metadataYaml.safeParse(parseYaml(text));
  if (!parsed.success) throw new WeftError('image.invalid', `The image's metadata.yaml is not valid: ${z.prettifyError(parsed.error)}`);
  const { architecture, creation_date, expiry_date, properties } = parsed.data;
  const known = ARCHITECTURES[architecture.toLowerCase()];
  if (!known) throw new WeftError('image.invalid', `The image's architecture "${architecture.slice(0, 64)}" is not known`);
  return { architecture: known, creationDate: creation_date, expiryDate: expiry_date, properties: properties ?? {} };
}

function parseYaml(text: string): unknown {
  try {
    // Few aliases: a document must not grow when it is read.
    return parse(text, { maxAliasCount: 100, logLevel: 'silent' });
  } catch (cause) {
    throw new WeftError('image.invalid', `The image's metadata.yaml is not valid: ${(cause as Error).message}`, { cause });
  }
}
