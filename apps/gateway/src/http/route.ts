import type { FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Meta } from '@weft/contracts';
import type { z } from 'zod';
import type { Actor } from '../domain/policy';
import type { Reply } from './reply';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
/** Who may call: see domain/policy.ts. `project` is the `?project=` of the request. */
export type Access = 'public' | 'metrics' | 'trusted' | 'project' | 'admin';

/** A request after authentication, authorization and validation. */
export interface Call<B = unknown> {
  actor: Actor;
  /** `?project=`, "default" when left out. */
  project: string;
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  body: B;
  headers: IncomingMessage['headers'];
  /** The bytes of the request, for uploads. */
  raw: IncomingMessage;
  request: FastifyRequest;
  /** The quotes around an If-Match value are already gone. */
  ifMatch?: string;
  meta(): Meta;
}

export interface Route<S extends z.ZodType = z.ZodType> {
  method: Method;
  /** Fastify pattern: `/1.0/profiles/:name`. */
  path: string;
  summary: string;
  access: Access;
  /** Shape of the JSON body; routes without one read `raw` themselves or have no body. */
  body?: S;
  handle(call: Call<z.output<S>>): Promise<Reply> | Reply;
}

/** Keeps the body's type while routes of many shapes sit in one list. */
export const route = <S extends z.ZodType>(definition: Route<S>): Route => definition as unknown as Route;
