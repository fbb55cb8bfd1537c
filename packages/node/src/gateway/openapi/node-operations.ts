/** What every node has beside the vendors' APIs. */
import { z } from 'zod';
import { json, type Operation } from './operation.ts';

const node = { api: 'node' } as const;
const readiness = z.object({ ready: z.boolean(), reason: z.string().optional() });

export const NODE_OPERATIONS: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/healthz', id: 'getHealth', audience: 'anyone', ...node },
    summary: 'Tell that the node runs.',
    answers: { 200: json(z.object({ status: z.literal('ok') }), 'It runs.') },
  },
  {
    ...{ method: 'get', path: '/readyz', id: 'getReadiness', audience: 'callers', ...node },
    summary: 'Tell whether the node can answer; why not, to this machine and the operator alone.',
    answers: { 200: json(readiness, 'It can.'), 503: json(readiness, 'It cannot, and why.') },
  },
  {
    ...{ method: 'get', path: '/metrics', id: 'getMetrics', audience: 'callers', ...node },
    summary: 'Tell what was counted, for Prometheus on this machine and the operator; 403 with a key.',
    answers: { 200: { about: 'Text exposition format 0.0.4.', content: { 'text/plain': z.string() } } },
  },
  {
    ...{ method: 'get', path: '/openapi.json', id: 'getOpenApi', audience: 'anyone', ...node },
    summary: 'This document.',
    answers: { 200: json(z.looseObject({ openapi: z.string() }), 'OpenAPI 3.1.') },
  },
];
