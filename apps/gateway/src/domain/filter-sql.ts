/**
 * A filter as a parameterised SQL condition over a view's `doc` column. Pure. Nothing of the user's text reaches the
 * SQL itself: fields become paths and values become parameters.
 *
 * A comparison of strings ignores case, and a value with pattern characters is a regular expression that must match
 * the whole value (LXD 5.0 "Filtering"). A missing field is like an empty one. Numbers and booleans compare as
 * their JSON text.
 */
import type { Filter } from './filter';

export interface SqlCondition {
  sql: string;
  parameters: string[];
}

/** Objects whose keys may contain dots: the rest of the field is one key (`config.user.x`), or device and key. */
const KEYED_DEPTH: Record<string, number> = { config: 1, expanded_config: 1, properties: 1, devices: 2, expanded_devices: 2 };

/** LXD's Go field names are accepted as well as the JSON ones: `Properties.os`, `UpdateSource.Protocol`. */
const snake = (word: string): string => word.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

export function fieldPath(field: string): string[] {
  const parts = field.split('.');
  const first = snake(parts[0]!);
  const depth = KEYED_DEPTH[first];
  if (depth === undefined) return parts.map(snake);
  const fixed = parts.slice(1, depth);
  const key = parts.slice(depth).join('.');
  return [first, ...fixed, ...(key === '' ? [] : [key])];
}

/**
 * @param firstParameter number of the first free `$n`.
 * @param columns fields that the view has as columns of their own: cheaper than looking into `doc`.
 */
export function compileFilter(filter: Filter, firstParameter: number, columns: Readonly<Record<string, string>>): SqlCondition {
  const parameters: string[] = [];
  const bind = (value: string): string => `$${firstParameter + parameters.push(value) - 1}`;
  const compile = (node: Filter): string => {
    switch (node.kind) {
      case 'and':
      case 'or':
        return `(${compile(node.left)} ${node.kind} ${compile(node.right)})`;
      case 'not':
        return `(not ${compile(node.of)})`;
      case 'compare': {
        const match = comparison(operand(node.field, columns, bind), node.value, bind);
        return node.operator === 'eq' ? match : `(not ${match})`;
      }
      default:
        return unreachable(node);
    }
  };
  return { sql: compile(filter), parameters };
}

function operand(field: string, columns: Readonly<Record<string, string>>, bind: (value: string) => string): string {
  const path = fieldPath(field);
  const column = path.length === 1 && Object.hasOwn(columns, path[0]!) ? columns[path[0]!] : undefined;
  return column ?? `coalesce(doc::jsonb #>> array[${path.map((part) => `${bind(part)}::text`).join(',')}], '')`;
}

function comparison(operandSql: string, value: string, bind: (value: string) => string): string {
  if (!isPattern(value)) return `(lower(${operandSql}) = lower(${bind(value)}::text))`;
  return `(${operandSql} ~* ${bind(`^(?:${value})$`)}::text)`;
}

/** A value is a pattern when it has characters that only a pattern has, and when it is a sound one. */
export function isPattern(value: string): boolean {
  if (!/[\^$*+?()[\]{}|\\]/.test(value)) return false;
  try {
    new RegExp(value);
    return true;
  } catch {
    return false;
  }
}

function unreachable(node: never): never {
  throw new Error(`unknown filter node: ${JSON.stringify(node)}`);
}
