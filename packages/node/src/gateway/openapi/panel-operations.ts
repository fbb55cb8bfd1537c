/** What the node's own pages work with: the pages themselves, the ways in, and the control of the node. */
import { z } from 'zod';
import { CODE_CHARS_MAX } from '../access/routes.ts';
import { pullFields } from '../panel/routes.ts';
import {
  type Answer,
  EVENTS,
  JSON_TYPE,
  json,
  type Operation,
  type Parameter,
  STARTER_MODEL,
} from './operation.ts';
import {
  panelCancelled,
  panelJob,
  panelJobs,
  panelModels,
  panelNetwork,
  panelOffers,
  panelRemoved,
  panelSession,
  panelStatus,
  panelStopped,
  panelUnloaded,
} from './panel-answers.ts';

const panel = { api: 'panel', audience: 'operator' } as const;
const pages = { api: 'pages', audience: 'anyone' } as const;
const page = (about: string): Answer => ({ about, content: { 'text/html': z.string() } });
const nothing = (about: string): Answer => ({ about, content: {} });

const name: Parameter = {
  ...{ name: 'name', in: 'path', schema: z.string(), about: 'The name of a model.', example: STARTER_MODEL },
};
const job: Parameter = { name: 'id', in: 'path', schema: z.string(), about: 'Of a download or a load.' };
const answer: Parameter = {
  ...{ name: 'number', in: 'path', schema: z.int(), about: 'Of an answer, as the status has it.' },
  example: '1',
};
/** A body is read, and means nothing. */
const empty = { type: JSON_TYPE, schema: z.looseObject({}), examples: { empty: {} } } as const;

export const PANEL_OPERATIONS: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/filon/v1/session', id: 'getSession', api: 'panel', audience: 'callers' },
    summary: 'Tell whether this caller may control the node.',
    answers: { 200: json(panelSession, 'Whether it may.') },
  },
  {
    ...{ method: 'get', path: '/filon/v1/models', id: 'listPanelModels', ...panel },
    summary: 'List the models that are here, and those that could be.',
    answers: { 200: json(panelModels, 'The models.') },
  },
  {
    ...{ method: 'get', path: '/filon/v1/status', id: 'getStatus', ...panel },
    summary: 'Tell how the node is.',
    answers: { 200: json(panelStatus, 'How it is.') },
  },
  {
    ...{ method: 'delete', path: '/filon/v1/answers/{number}', id: 'stopAnswer', ...panel },
    summary: 'Stop an answer, whoever’s it is.',
    parameters: [answer],
    answers: { 200: json(panelStopped, 'Whether it still ran.') },
  },
  {
    ...{ method: 'get', path: '/filon/v1/offers', id: 'listOffers', api: 'panel', audience: 'callers' },
    summary: 'List what the swarm has ready, by model and tier.',
    answers: { 200: json(panelOffers, 'No tier wider than the caller may choose.') },
  },
  {
    ...{ method: 'get', path: '/filon/v1/network', id: 'getNetwork', ...panel },
    summary: 'Tell how the swarm is, as far as this node knows, and which way the last answers took.',
    answers: { 200: json(panelNetwork, 'How it is.') },
  },
  {
    ...{ method: 'get', path: '/filon/v1/jobs', id: 'followJobs', ...panel },
    summary: 'Follow downloads and loads.',
    answers: { 200: { about: 'All jobs, now and at every change.', content: { [EVENTS]: panelJobs } } },
  },
  {
    ...{ method: 'delete', path: '/filon/v1/jobs/{id}', id: 'cancelJob', ...panel, parameters: [job] },
    summary: 'Stop a download or a load.',
    answers: { 200: json(panelCancelled, 'It was at work, and is stopped.') },
  },
  {
    ...{ method: 'post', path: '/filon/v1/pulls', id: 'pullModel', ...panel, leadsTo: ['cancelJob'] },
    summary: 'Begin to download a model.',
    body: { type: JSON_TYPE, schema: pullFields, examples: { starter: { model: STARTER_MODEL } } },
    answers: { 200: json(panelJob, 'The download.') },
  },
  {
    ...{ method: 'post', path: '/filon/v1/models/{name}/load', id: 'loadModel', ...panel },
    summary: 'Begin to load a model into memory.',
    ...{ parameters: [name], body: empty },
    answers: { 200: json(panelJob, 'The load.') },
  },
  {
    ...{ method: 'post', path: '/filon/v1/models/{name}/unload', id: 'unloadModel', ...panel },
    summary: 'Take a model out of memory.',
    ...{ parameters: [name], body: empty },
    answers: { 200: json(panelUnloaded, 'It is out.') },
  },
  {
    ...{ method: 'delete', path: '/filon/v1/models/{name}', id: 'removeModel', ...panel, parameters: [name] },
    summary: 'Remove a model from the disk.',
    answers: { 200: json(panelRemoved, 'It is gone.') },
  },
];

const code = z.object({ code: z.string().max(CODE_CHARS_MAX) });

export const ACCESS_OPERATIONS: readonly Operation[] = [
  {
    ...{
      method: 'get',
      path: '/login',
      id: 'getLoginPage',
      summary: 'The page behind a login link.',
      ...pages,
    },
    answers: { 200: page('It sends the code that is behind `#`.') },
  },
  {
    ...{ method: 'post', path: '/login', id: 'logIn', ...pages },
    summary: 'Let a browser in by the code of a login link. Only for pages of this node.',
    body: { type: JSON_TYPE, schema: code, examples: { code: { code: 'CODE' } } },
    answers: { 200: json(panelSession, 'The cookie is set.') },
  },
  {
    ...{ method: 'get', path: '/pair', id: 'getPairPage', summary: 'The form for a pairing code.', ...pages },
    answers: { 200: page('The form.') },
  },
  {
    ...{ method: 'post', path: '/pair', id: 'pair', ...pages },
    summary: 'Let a browser in by a pairing code. Only for pages of this node.',
    body: {
      type: 'application/x-www-form-urlencoded',
      schema: code,
      examples: { code: { code: 'ABCD-EFGH' } },
    },
    answers: {
      303: nothing('The cookie is set; on to the chat.'),
      403: page('The code is wrong, used or too old.'),
      429: page('Too many wrong codes came from here.'),
    },
  },
];

const asset: Parameter = {
  ...{ name: 'name', in: 'path', schema: z.string(), about: 'As the page names it.', example: 'index.js' },
};

export const WEB_OPERATIONS: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/', id: 'getChatPage', summary: 'The chat.', ...pages },
    answers: {
      200: page('The page.'),
      302: nothing('To the form for a pairing code, where nobody is known yet.'),
      503: page('It is not built yet.'),
    },
  },
  {
    ...{ method: 'get', path: '/gateways.json', id: 'listGateways', ...pages },
    summary: 'Tell which other gateways the page may go on at, by the setting `gateways`.',
    answers: { 200: json(z.object({ gateways: z.array(z.string()) })) },
  },
  {
    ...{ method: 'get', path: '/assets/{name}', id: 'getAsset', ...pages, parameters: [asset] },
    summary: 'A file of the chat.',
    answers: {
      200: { about: 'The file.', content: { '*/*': z.string() } },
      404: json(z.looseObject({}), 'There is no such file.'),
    },
  },
];
