import type { ImageAliasEvent, ImageEvent, StagedImage } from '@weft/contracts';
import { decideImageAlias } from './image-alias.decider';
import { decideImage, EPOCH, type ImageCommand } from './image.decider';
import { planImageCopies, planImageFiles } from './image-files.plan';
import { imageAliasFold, imageEtag, imageFileFold, imageFold } from './image.state';

const now = new Date('2026-11-23T05:07:33.718Z');
const staged: StagedImage = {
  uploadId: 'u',
  fingerprint: 'ab'.repeat(32),
  sizeBytes: 7,
  type: 'container',
  architecture: 'x86_64',
  creationDate: 1_700_000_000,
  expiryDate: 0,
  properties: { os: 'busybox', release: '1' },
};
const create: ImageCommand = {
  type: 'create',
  id: 'i',
  project: 'web',
  staged,
  filename: 'f.tar.gz',
  public: false,
  autoUpdate: false,
  properties: { release: '2', gone: '' },
  profiles: null,
  now,
};
const given = (...events: ImageEvent[]) => ({ when: (command: ImageCommand) => decideImage(command, events.reduce(imageFold.evolve, imageFold.initial)) });
const imported = given().when(create);

describe('an import', () => {
  it('takes dates and properties from the image, and lets the importer win', () => {
    expect(imported[0]?.data).toMatchObject({
      properties: { os: 'busybox', release: '2' },
      profiles: ['default'],
      createdAt: '2023-11-14T22:13:20.000Z',
      expiresAt: EPOCH,
      uploadedAt: now.toISOString(),
    });
    expect(imported[0]?.data).not.toHaveProperty('properties.gone');
  });

  it.each([
    ['2030-01-31T00:00:00Z', '2030-01-31T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', EPOCH],
  ])('expires at %s', (expiresAt, expected) => {
    expect(given().when({ ...create, expiresAt } as ImageCommand)[0]?.data).toMatchObject({ expiresAt: expected });
  });

  it('is refused a date that is none, and endless properties', () => {
    expect(() => given().when({ ...create, expiresAt: 'soon' } as ImageCommand)).toThrow('Invalid date "soon"');
    const properties = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`k${n}`, 'v']));
    expect(() => given().when({ ...create, properties } as ImageCommand)).toThrow('at most 256 properties');
  });
});

describe('an update', () => {
  it('replaces or merges', () => {
    expect(given(...imported).when({ type: 'update', mode: 'replace', public: true })[0]?.data).toMatchObject({
      public: true,
      properties: {},
      profiles: ['default'],
    });
    expect(given(...imported).when({ type: 'update', mode: 'merge', properties: { os: '', new: '1' } })[0]?.data).toMatchObject({
      properties: { release: '2', new: '1' },
    });
  });

  it('checks the version that the client saw, and that the image is there', () => {
    const etag = imageEtag({ public: false, autoUpdate: false, properties: { os: 'busybox', release: '2' } });
    expect(given(...imported).when({ type: 'update', mode: 'merge', ifMatch: etag })).toHaveLength(1);
    expect(() => given(...imported).when({ type: 'update', mode: 'merge', ifMatch: 'x' })).toThrow(expect.objectContaining({ code: 'etag.mismatch' }));
    expect(() => given().when({ type: 'delete' })).toThrow(expect.objectContaining({ code: 'image.not-found' }));
  });
});

describe('an alias', () => {
  const target = { imageId: 'i', fingerprint: staged.fingerprint, type: 'container' } as const;
  const made = decideImageAlias(
    { type: 'create', id: 'a', project: 'web', name: 'debian/12', description: '', wantedType: '', target },
    imageAliasFold.initial,
  );
  const state = made.reduce<ReturnType<typeof imageAliasFold.evolve>>(
    (before, event: ImageAliasEvent) => imageAliasFold.evolve(before, event),
    imageAliasFold.initial,
  );

  it('has the type of its image', () => {
    expect(made[0]?.data).toMatchObject({ type: 'container', target: staged.fingerprint });
    const wrong = { type: 'create', id: 'a', project: 'web', name: 'x', description: '', wantedType: 'virtual-machine', target } as const;
    expect(() => decideImageAlias(wrong, imageAliasFold.initial)).toThrow(expect.objectContaining({ code: 'image.wrong-type' }));
  });

  it('is moved to another image, or described, or both', () => {
    const other = { imageId: 'j', fingerprint: 'cd'.repeat(32), type: 'virtual-machine' } as const;
    expect(decideImageAlias({ type: 'update', mode: 'merge', target: other }, state)[0]?.data).toMatchObject({
      imageId: 'j',
      type: 'virtual-machine',
      description: '',
    });
    expect(decideImageAlias({ type: 'update', mode: 'merge', description: 'd' }, state)[0]?.data).toMatchObject({ imageId: 'i', description: 'd' });
    expect(() => decideImageAlias({ type: 'update', mode: 'replace', description: 'd' }, state)).toThrow('target field is required');
  });

  it('gets another name, but not its own again', () => {
    expect(decideImageAlias({ type: 'rename', newName: 'new' }, state)[0]?.data).toMatchObject({ oldName: 'debian/12', name: 'new' });
    expect(() => decideImageAlias({ type: 'rename', newName: 'debian/12' }, state)).toThrow(expect.objectContaining({ code: 'image-alias.exists' }));
  });
});

describe('image files', () => {
  it('remember who holds them', () => {
    const facts = [
      { type: 'ImageStoredOnMember', data: { fingerprint: 'f', member: 'h1' } },
      { type: 'ImageStoredOnMember', data: { fingerprint: 'f', member: 'h2' } },
      { type: 'ImageStoredOnMember', data: { fingerprint: 'f', member: 'h1' } },
      { type: 'ImageRemovedFromMember', data: { fingerprint: 'f', member: 'h2' } },
    ] as const;
    expect(facts.reduce(imageFileFold.evolve, imageFileFold.initial)).toEqual({ members: ['h1'] });
  });

  const store = {
    needed: new Set(['needed', 'new']),
    locations: [
      { fingerprint: 'needed', member: 'h1' },
      { fingerprint: 'lost', member: 'h1' },
      { fingerprint: 'away', member: 'h9' },
    ],
  };
  const members = [{ member: 'h1', images: ['needed', 'new', 'waste'], diskFreeBytes: 1 }];

  it('are recorded, forgotten, and deleted only after a while', () => {
    const first = planImageFiles(store, members, new Map(), 0, 100);
    expect(first.actions).toEqual([
      { kind: 'record', member: 'h1', fingerprint: 'new' },
      { kind: 'forget', member: 'h1', fingerprint: 'lost' },
    ]);
    expect(planImageFiles(store, members, first.unneededSince, 99, 100).actions).toEqual(first.actions);
    expect(planImageFiles(store, members, first.unneededSince, 100, 100).actions).toContainEqual({ kind: 'delete', member: 'h1', fingerprint: 'waste' });
  });

  it('begin to wait anew when somebody needed them in between', () => {
    const first = planImageFiles(store, members, new Map(), 0, 100);
    const wanted = planImageFiles({ ...store, needed: new Set([...store.needed, 'waste']) }, members, first.unneededSince, 50, 100);
    expect(planImageFiles(store, members, wanted.unneededSince, 120, 100).actions).not.toContainEqual(expect.objectContaining({ kind: 'delete' }));
  });

  it('are copied to where there is most room, until enough members have them', () => {
    const hosts = [
      { member: 'h1', images: ['needed'], diskFreeBytes: 9 },
      { member: 'h2', images: [], diskFreeBytes: 1 },
      { member: 'h3', images: [], diskFreeBytes: 5 },
      { member: 'h4', images: ['waste'], diskFreeBytes: 5 },
    ];
    const copies = (replicas: number, locations = store.locations) =>
      planImageCopies({ needed: new Set(['needed', 'nowhere']), locations }, hosts, replicas).map((action) => Object.values(action).join(' '));
    expect(copies(1)).toEqual([]);
    expect(copies(3)).toEqual(['copy h3 needed h1', 'copy h4 needed h1']);
    expect(copies(-1)).toHaveLength(3);
    expect(copies(9)).toHaveLength(3);
    expect(copies(3, [...store.locations, { fingerprint: 'needed', member: 'h3' }])).toEqual(['copy h4 needed h1']);
  });
});
