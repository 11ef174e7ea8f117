/** `GET /1.0/resources` as LXD shapes it (api.Resources), as far as the kernel tells it to everybody. */
import { readdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { CoreSchedulingSupport } from '../core-scheduling/core-scheduling';
import { hostArchitecture, memoryInfo } from '../heartbeat/host-resources';

const read = (path: string): Promise<string> => readFile(path, 'utf8').then((text) => text.trim(), () => ''); // prettier-ignore
const number = async (path: string, base = 10): Promise<number> => {
  const value = parseInt(await read(path), base);
  return Number.isNaN(value) ? 0 : value;
};

export async function lxdResources(coreScheduling: CoreSchedulingSupport): Promise<object> {
  const [cpu, memory, network, storage, system] = await Promise.all([
    cpuResources(coreScheduling),
    memoryResources(),
    networkResources(),
    storageResources(),
    systemResources(),
  ]);
  return { cpu, memory, gpu: { cards: [], total: 0 }, network, storage, usb: { devices: [], total: 0 }, pci: { devices: [], total: 0 }, system };
}

const CPU_DIR = '/sys/devices/system/cpu';

async function cpuResources(core_scheduling: CoreSchedulingSupport): Promise<object> {
  const ids = (await readdir(CPU_DIR).catch(() => [] as string[])).flatMap((name) => /^cpu(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  const threads = await Promise.all(
    ids.map(async (id) => {
      const topology = join(CPU_DIR, `cpu${id}`, 'topology');
      const [socket, core, die] = await Promise.all([
        number(join(topology, 'physical_package_id')),
        number(join(topology, 'core_id')),
        number(join(topology, 'die_id')),
      ]);
      const online = (await read(join(CPU_DIR, `cpu${id}`, 'online'))) !== '0';
      return { id, socket: Math.max(socket, 0), core, die: Math.max(die, 0), online };
    }),
  );
  const model = cpus()[0];
  const sockets = [...new Set(threads.map((thread) => thread.socket))].sort().map((socket) => ({
    name: model?.model ?? '',
    vendor: '',
    socket,
    cores: coresOf(threads.filter((thread) => thread.socket === socket)),
    frequency: model?.speed ?? 0,
  }));
  return { architecture: hostArchitecture(), sockets, total: threads.length, core_scheduling };
}

interface Thread {
  id: number;
  core: number;
  die: number;
  online: boolean;
}

function coresOf(threads: readonly Thread[]): object[] {
  const cores = [...new Set(threads.map((thread) => thread.core))].sort((a, b) => a - b);
  return cores.map((core) => {
    const siblings = threads.filter((thread) => thread.core === core);
    return {
      core,
      die: siblings[0]?.die ?? 0,
      threads: siblings.map(({ id, online }, index) => ({ id, thread: index, online, numa_node: 0, isolated: false })),
    };
  });
}

async function memoryResources(): Promise<object> {
  const memory = await memoryInfo();
  const total = memory.MemTotal ?? 0;
  return {
    nodes: [],
    hugepages_total: (memory.HugePages_Total ?? 0) * (memory.Hugepagesize ?? 0),
    hugepages_used: ((memory.HugePages_Total ?? 0) - (memory.HugePages_Free ?? 0)) * (memory.Hugepagesize ?? 0),
    hugepages_size: memory.Hugepagesize ?? 0,
    used: total - (memory.MemAvailable ?? 0),
    total,
  };
}

const NET_DIR = '/sys/class/net';

async function networkResources(): Promise<object> {
  const names = await readdir(NET_DIR).catch(() => [] as string[]);
  const cards = await Promise.all(
    names.map(async (id) => {
      const driver = (await read(join(NET_DIR, id, 'device', 'uevent'))).match(/^DRIVER=(.*)$/m)?.[1];
      if (driver === undefined) return undefined;
      const [address, carrier] = await Promise.all([read(join(NET_DIR, id, 'address')), read(join(NET_DIR, id, 'carrier'))]);
      return { driver, ports: [{ id, address, port: 0, protocol: 'ethernet', auto_negotiation: false, link_detected: carrier === '1' }], numa_node: 0 };
    }),
  );
  const physical = cards.filter((card) => card !== undefined);
  return { cards: physical, total: physical.length };
}

const BLOCK_DIR = '/sys/class/block';
const SECTOR_BYTES = 512;

async function storageResources(): Promise<object> {
  const names = (await readdir(BLOCK_DIR).catch(() => [] as string[])).filter((name) => !/^(loop|ram|zram|dm-|md|sr|nbd)/.test(name));
  const disks = await Promise.all(
    names.map(async (id) => {
      const at = (...parts: string[]) => join(BLOCK_DIR, id, ...parts);
      if (await read(at('partition'))) return undefined;
      const [device, sectors, removable, readOnly, model] = await Promise.all([
        read(at('dev')),
        number(at('size')),
        read(at('removable')),
        read(at('ro')),
        read(at('device', 'model')),
      ]);
      return {
        id,
        device,
        model,
        type: id.startsWith('nvme') ? 'nvme' : 'disk',
        read_only: readOnly === '1',
        removable: removable === '1',
        size: sectors * SECTOR_BYTES,
        partitions: [],
        numa_node: 0,
      };
    }),
  );
  const whole = disks.filter((disk) => disk !== undefined);
  return { disks: whole, total: whole.length };
}

async function systemResources(): Promise<object> {
  const dmi = (name: string) => read(join('/sys/class/dmi/id', name));
  const [vendor, product, version, family, sku] = await Promise.all(
    ['sys_vendor', 'product_name', 'product_version', 'product_family', 'product_sku'].map(dmi),
  );
  return { uuid: '', vendor, product, family, version, sku, serial: '', type: 'physical', firmware: null, chassis: null, motherboard: null };
}
