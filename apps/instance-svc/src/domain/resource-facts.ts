/** What instance commands must know about resources that other files of this service own. */

export interface ProjectFacts {
  name: string;
  config: Record<string, string>;
  /** Projects without `features.profiles` / `features.images` use those of `default`. */
  profilesProject: string;
  imagesProject: string;
}

export interface ProfileFacts {
  id: string;
  project: string;
  name: string;
  config: Record<string, string>;
  devices: Record<string, Record<string, string>>;
}

export interface ImageFacts {
  fingerprint: string;
  type: 'container' | 'virtual-machine';
  architecture: string;
  properties: Record<string, string>;
  /** Profiles that the image asks for; `null` means `default`. */
  profiles: string[] | null;
  /** Members that hold the image's files. */
  members: string[];
}
