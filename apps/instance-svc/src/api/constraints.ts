import type { ConstraintNames } from '@weft/service';

/** The user's word for a constraint of a projection that refused an append. One line per constraint. */
export const constraints: ConstraintNames = {
  // projects, profiles, images, aliases, pools, certificates
  project_name: ['project.exists', 'This "projects" entry already exists'],
  profile_project_name: ['profile.exists', 'The profile already exists'],
  profile_project_fk: ['project.in-use', 'Only empty projects can be removed: a profile was added meanwhile'],
  image_project_fk: ['project.in-use', 'Only empty projects can be removed: an image was added meanwhile'],
  image_project_fingerprint: ['image.exists', 'Image with same fingerprint already exists'],
  image_alias_project_fk: ['project.in-use', 'Only empty projects can be removed: an image alias was added meanwhile'],
  image_alias_project_name: ['image-alias.exists', 'Alias already exists'],
  image_alias_image_fk: ['image.not-found', 'The image changed meanwhile: try again'],

  cluster_group_name: ['cluster-group.exists', 'The cluster group already exists'],

  // instances, snapshots
  instance_project_name: ['instance.exists', 'An instance with that name already exists in this project'],
  instance_profile_profile_fk: ['profile.in-use', 'Profile is in use by instances'],
  instance_project_fk: ['project.in-use', 'Project is not empty'],
};
