/**
 * Writes src/generated from the .ovsschema files in schemas/: one folder per database, one file per table.
 *
 *   npm run generate -w @weft/ovsdb             write
 *   npm run generate -w @weft/ovsdb -- --check  compare only; 1 when a file differs
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { parseSchema } from '../schema/parse-schema';
import { databaseSource, fileName, tableSource } from './table-source';

const ROOT = join(__dirname, '../..');
const TARGET = join(ROOT, 'src/generated');

/** All files by their path under src/generated. */
async function generate(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const config = await resolveConfig(join(TARGET, 'x.ts'));
  for (const file of (await readdir(join(ROOT, 'schemas'))).filter((name) => name.endsWith('.ovsschema'))) {
    const schema = parseSchema(JSON.parse(await readFile(join(ROOT, 'schemas', file), 'utf8')));
    const banner = `// Made by src/generate from schemas/${file} (${schema.name} ${schema.version}): change those, not this file.`;
    const folder = fileName(schema.name);
    const sources = Object.entries(schema.tables).map(([name, table]) => [`${fileName(name)}.table`, tableSource(banner, name, table)] as const);
    const index = ['index', databaseSource(banner, { ...schema, tables: Object.keys(schema.tables) })] as const;
    for (const [name, source] of [...sources, index]) files.set(`${folder}/${name}.ts`, await format(source, { ...config, parser: 'typescript' }));
  }
  return files;
}

async function present(): Promise<Map<string, string>> {
  const entries = await readdir(TARGET, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(TARGET, join(entry.parentPath, entry.name)));
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(join(TARGET, path), 'utf8')] as const)));
}

async function main(check: boolean): Promise<void> {
  const [wanted, found] = [await generate(), await present()];
  const different = [...new Set([...wanted.keys(), ...found.keys()])].filter((path) => wanted.get(path) !== found.get(path));
  for (const path of different) process.stdout.write(`${check ? 'differs' : 'writing'}: src/generated/${path}\n`);
  if (check) process.exitCode = different.length > 0 ? 1 : 0;
  else await Promise.all(different.map((path) => write(path, wanted.get(path))));
}

async function write(path: string, content: string | undefined): Promise<void> {
  const target = join(TARGET, path);
  if (content === undefined) return rm(target);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
}

void main(process.argv.includes('--check'));
