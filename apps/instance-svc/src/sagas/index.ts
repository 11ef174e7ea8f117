import type { Deps } from '../instance.deps';
import { bulkStateSaga } from './bulk-state.saga';
import { changeSagas } from './change.sagas';
import { createSaga } from './create.saga';
import { deleteSaga } from './delete.saga';
import { handoverSaga, refreshSaga } from './handover.saga';
import { imageSagas } from './image.sagas';
import { memberSagas } from './member.sagas';
import { migrationSagas } from './migration.sagas';
import { moveWorld } from './migration-work';
import { portSagas } from './port-release';
import { profileSaga } from './profile.saga';
import { snapshotSagas } from './snapshot.sagas';
import { stateSagas } from './state.sagas';

/** Every saga of the service. */
export const sagas = (deps: Deps) => [
  // profiles, images
  profileSaga(deps),
  ...imageSagas(deps),

  // instances, snapshots
  createSaga(deps),
  deleteSaga(deps),
  handoverSaga(deps),
  refreshSaga(deps),
  ...stateSagas(deps),
  ...snapshotSagas(deps),
  ...changeSagas(deps),
  ...migrationSagas(moveWorld(deps)),
  ...memberSagas(deps),
  bulkStateSaga(deps),
  ...portSagas(deps),
];
