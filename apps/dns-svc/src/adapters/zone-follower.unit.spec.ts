import { parseName, type Name } from '@weft/dns';
import { createLogger } from '@weft/platform';
import { eventually } from '@weft/testing';
import { ZoneFollower } from './zone-follower';

const LAB = parseName('lab.example');
const OTHER = parseName('other.example');

/** A replica whose reads of the database end when the test says so. */
const replica = () => {
  const announced: Name[][] = [];
  const reads: ((moved: Name[]) => void)[] = [];
  let begins = true;
  const follower = new ZoneFollower({
    snapshots: { refresh: () => new Promise((resolve) => reads.push(resolve)), apexes: () => [LAB, OTHER] },
    listener: {
      serveAt: () => Promise.resolve(begins),
      announce: (apexes) => void announced.push([...apexes]),
    },
    address: () => Promise.resolve('127.0.0.1:53'),
    log: createLogger('test', 'silent'),
  });
  const read = async (moved: Name[]): Promise<void> => {
    await eventually(() => reads.length > 0);
    reads.shift()!(moved);
  };
  return { follower, announced, reads, read, serves: () => (begins = false) };
};

it('tells secondaries of every zone when it begins to serve: its predecessor may have died before its NOTIFY', async () => {
  const { follower, announced, read } = replica();
  follower.ring();
  await read([LAB]);
  await eventually(() => announced.length === 1);
  expect(announced).toEqual([[LAB, OTHER]]);
});

it('tells nobody of a change that it does not have yet, and of no zone that has not moved', async () => {
  const { follower, announced, reads, read, serves } = replica();
  serves();
  follower.ring();
  await eventually(() => reads.length === 1);
  expect(announced).toEqual([]);
  // The poke of a change comes while the replica still reads: what it read may be older, so it looks again.
  follower.ring();
  await read([]);
  await eventually(() => reads.length === 1);
  expect(announced).toEqual([[]]);
  await read([LAB]);
  await eventually(() => announced.length === 2);
  expect(announced).toEqual([[], [LAB]]);
});
