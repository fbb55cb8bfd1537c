/** Every setting of a node, with what it means. `filon config` prints this. */
import { z } from 'zod';
import { choice, type Field, integer, word } from './field.ts';
import { SWARM_SETTINGS, type SwarmConfig } from './swarm-settings.ts';

export interface Config extends SwarmConfig {
  host: string;
  port: number;
  tls: 'auto' | 'off';
  tlsCert: string;
  tlsKey: string;
  keyPassphraseFile: string;
  hosts: string;
  origins: string;
  gateways: string;
  gatewayKeys: string;
  pricePerMillionTokens: string;
  machineWatts: number;
  pricePerKwh: string;
  defaultModel: string;
  mode: 'fast' | 'exact';
  contextTokens: number;
  sessionsMax: number;
  threads: number;
  device: string;
  modelKeepAliveMinutes: number;
  modelsLoadedMax: number;
  requestsMax: number;
  queueMax: number;
  queueWaitSeconds: number;
  bodyBytesMax: number;
  stopGraceSeconds: number;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  logFileBytesMax: number;
  logFilesMax: number;
}

export type Fields = { readonly [K in keyof Config]: Field<Config[K]> };

export const SETTINGS: Fields = {
  host: word({
    default: '127.0.0.1',
    pattern: /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$|^[0-9A-Fa-f:.]{2,45}$/,
    allowed:
      'an address or name of this machine: 127.0.0.1, ::1 or localhost for itself alone, 0.0.0.0 for all',
    doc: 'Address that the API listens on. Callers on this machine need no key; beyond it everybody does, and one must have been made.',
  }),
  port: integer({
    default: 4141,
    min: 0,
    max: 65_535,
    zero: 'any free port',
    doc: 'TCP port that the API listens on.',
  }),
  tls: choice({
    default: 'auto',
    of: ['auto', 'off'],
    doc: 'auto: with a certificate beyond this machine. off (or --no-tls): never, because a proxy in front has one; then callers on this machine need a key too.',
  }),
  tlsCert: word({
    default: '',
    pattern: /^.{0,4096}$/,
    allowed: 'a PEM file; empty: one that the node makes and signs itself',
    doc: 'Certificate of the API, with those between it and its authority. Needs tlsKey.',
  }),
  tlsKey: word({
    default: '',
    pattern: /^.{0,4096}$/,
    allowed: 'a PEM file; empty: none',
    doc: 'Private key of the certificate.',
  }),
  keyPassphraseFile: word({
    default: '',
    pattern: /^.{0,4096}$/,
    allowed: "a file with a passphrase, such as one of systemd's credentials; empty: none",
    doc: 'Seals the keys of this node, its operator and its swarms on the disk. Without it their file mode alone guards them. Nobody has to type it, so a node comes back by itself after a power cut.',
  }),
  hosts: word({
    default: '',
    pattern: /^$|^[A-Za-z0-9.:[\]-]{1,260}(,[A-Za-z0-9.:[\]-]{1,260})*$/,
    allowed:
      'names with their port where it is not the usual one, with commas between: chat.example,rig.lan:4141',
    doc: 'Further names under which browsers reach this node. Only names that you control: a page of any of them counts as ours.',
  }),
  origins: word({
    default: '',
    pattern: /^(https?:\/\/[^\s,/]+)?(,https?:\/\/[^\s,/]+)*$/,
    allowed: 'origins with commas between: https://app.example,http://localhost:3000',
    doc: 'Web pages that may call the API from a browser, beside our own.',
  }),
  gateways: word({
    default: '',
    pattern: /^(https?:\/\/[A-Za-z0-9.:[\]-]{1,260}(,https?:\/\/[A-Za-z0-9.:[\]-]{1,260}){0,7})?$/,
    allowed: 'up to 8 addresses with commas between: https://rig.example:4141,http://10.0.0.7:4141',
    doc: "Other nodes of the swarm that go on with an answer when this one is gone: for `filon run` and `filon chat`, and for this node's chat page, which may call no others.",
  }),
  gatewayKeys: word({
    default: '',
    pattern: /^.{0,4096}$/,
    allowed: 'a file that nobody else may read; empty: none',
    doc: 'Keys of the gateways for `filon run` and `filon chat`: a line for each, its address, its key, and the fingerprint of its certificate where no authority signed that.',
  }),
  pricePerMillionTokens: word({
    default: '0',
    pattern: /^\d{1,9}(\.\d{1,6})?$/,
    allowed: 'an amount such as 0.25, in the currency of your choice',
    doc: 'What a million tokens cost, read or written, when the use of keys is counted in money.',
  }),
  machineWatts: integer({
    default: 0,
    min: 0,
    max: 100_000,
    zero: 'unknown',
    unit: 'W',
    doc: 'What this machine draws while it computes, as a meter at its plug says. What a training takes is estimated with it.',
  }),
  pricePerKwh: word({
    default: '0',
    pattern: /^\d{1,9}(\.\d{1,6})?$/,
    allowed: 'an amount such as 0.25, in the currency of your choice; 0: unknown',
    doc: 'What a kilowatt-hour costs here. What a training costs is estimated with it, where machineWatts is set.',
  }),
  defaultModel: word({
    default: 'smollm2-135m',
    pattern: /^\S{1,1024}$/,
    allowed: 'a name of the catalogue or a source',
    doc: 'Model that `filon up` pulls and loads, and that `filon chat` talks to.',
  }),
  mode: choice({
    default: 'fast',
    of: ['fast', 'exact'],
    doc: 'fast: as fast as the device can. exact: the same bytes whatever happens; needs `filon certify MODEL` once.',
  }),
  contextTokens: integer({
    default: 8192,
    min: 256,
    max: 1_048_576,
    unit: 'tokens',
    doc: 'Tokens that one session may hold, prompt and answer; at most what the model was trained for. In fast mode the sessions of a model share them; in exact mode each has its own, and needs the memory.',
  }),
  sessionsMax: integer({
    default: 8,
    min: 1,
    max: 64,
    unit: 'sessions',
    doc: 'Answers that one model computes at the same time; more wait in the queue. Each needs memory.',
  }),
  threads: integer({
    default: 0,
    min: 0,
    max: 1024,
    zero: 'one for each physical core',
    unit: 'threads',
    doc: 'Threads that compute on the CPU. Exact mode is certified for one number of them: certify again after a change.',
  }),
  device: word({
    default: 'auto',
    pattern: /^[A-Za-z0-9:._-]{1,64}$/,
    allowed: 'auto, or an id that `filon doctor` lists',
    doc: 'Device that models are loaded on. auto: the best one that answered the probe.',
  }),
  modelKeepAliveMinutes: integer({
    default: 30,
    min: 0,
    max: 525_600,
    zero: 'for ever',
    unit: 'minutes',
    doc: 'How long an unused model stays in memory. The process of its device ends with the last one.',
  }),
  modelsLoadedMax: integer({
    default: 1,
    min: 1,
    max: 64,
    unit: 'models',
    doc: 'Models in memory at the same time, a base and its LoRAs being one; the one that was unused longest makes room.',
  }),
  requestsMax: integer({
    default: 256,
    min: 1,
    max: 10_000,
    unit: 'requests',
    doc: 'API requests in work or waiting at the same time; more are refused with 429.',
  }),
  queueMax: integer({
    default: 64,
    min: 0,
    max: 10_000,
    unit: 'requests',
    doc: 'API requests that may wait for a free session; more are refused with 503.',
  }),
  queueWaitSeconds: integer({
    default: 300,
    min: 1,
    max: 86_400,
    unit: 'seconds',
    doc: 'How long an API request waits for a free session before it is refused with 503.',
  }),
  bodyBytesMax: integer({
    default: 8_388_608,
    min: 1024,
    max: 268_435_456,
    unit: 'bytes',
    doc: 'Size of a request body.',
  }),
  stopGraceSeconds: integer({
    default: 20,
    min: 0,
    max: 3600,
    unit: 'seconds',
    doc: 'How long answers in work may take to end when the node stops.',
  }),
  ...SWARM_SETTINGS,
  logLevel: choice({
    default: 'info',
    of: ['debug', 'info', 'warn', 'error'],
    doc: 'Least important lines that are kept in logs/filon.log. Prompts and answers never are.',
  }),
  logFileBytesMax: integer({
    default: 16_777_216,
    min: 65_536,
    max: 1_073_741_824,
    unit: 'bytes',
    doc: 'Size at which the log file is put aside.',
  }),
  logFilesMax: integer({
    default: 3,
    min: 1,
    max: 100,
    unit: 'files',
    doc: 'Log files put aside at most; the oldest goes.',
  }),
};

export const SETTING_NAMES: readonly (keyof Config)[] = Object.keys(SETTINGS) as (keyof Config)[];

type Shape = { [K in keyof Config]: z.ZodType<Config[K]> };

/** The whole configuration, of settings that were each checked on their own. */
export const configSchema: z.ZodType<Config> = z.strictObject(
  Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].schema])) as Shape,
);
