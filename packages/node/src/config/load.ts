/** The settings in force: defaults, over them the file, over it the environment, over that the flags. */
import { FilonError } from '@filon/core/errors';
import type { ConfigErrorDetails } from './errors.ts';
import { type Config, configSchema, SETTING_NAMES, SETTINGS } from './settings.ts';

export type Source = 'default' | 'file' | 'environment' | 'flag';

export interface ConfigInputs {
  /** The object that config.json holds; empty when there is no file. */
  file: Readonly<Record<string, unknown>>;
  /** Where the file is, for messages. */
  filePath: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** By setting name, as they were typed. */
  flags: Readonly<Record<string, string | undefined>>;
}

export interface LoadedConfig {
  values: Config;
  sources: Readonly<Record<keyof Config, Source>>;
  /** Names of the environment that begin like ours and mean nothing. */
  strangers: readonly string[];
}

/** Of the environment, but no setting: the home itself, and what the launcher uses. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set(['FILON_HOME']);

/** The environment's name of a setting: `FILON_LOG_LEVEL` for `logLevel`. */
export function variableName(setting: keyof Config): string {
  return `FILON_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** The flag's name of a setting: `log-level` for `logLevel`. */
export function flagName(setting: keyof Config): string {
  return setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Codes: CONFIG_VALUE_INVALID, CONFIG_FIELD_UNKNOWN. Every source is checked, also one that another hides. */
export function loadConfig(inputs: ConfigInputs): LoadedConfig {
  for (const name of Object.keys(inputs.file)) asSetting(name, inputs.filePath);
  const values: Record<string, unknown> = {};
  const sources: Partial<Record<keyof Config, Source>> = {};
  for (const name of SETTING_NAMES) {
    values[name] = SETTINGS[name].default;
    sources[name] = 'default';
    for (const candidate of candidates(name, inputs)) {
      checkSetting(name, candidate.value, candidate.where);
      values[name] = candidate.value;
      sources[name] = candidate.source;
    }
  }
  return {
    values: configSchema.parse(values),
    sources: sources as Record<keyof Config, Source>,
    strangers: strangersIn(inputs.environment),
  };
}

/** The setting of this name. Code: CONFIG_FIELD_UNKNOWN. */
export function asSetting(name: string, source: string): keyof Config {
  const setting = SETTING_NAMES.find((known) => known === name);
  if (setting !== undefined) return setting;
  const nearest = SETTING_NAMES.find((known) => plain(known) === plain(name)) ?? nearestTo(name);
  const hint = nearest === null ? '' : ` Did you mean ${nearest}?`;
  throw new FilonError<ConfigErrorDetails>(
    { code: 'CONFIG_FIELD_UNKNOWN', field: name, source, nearest },
    `${source} sets "${name}", which is no setting.${hint} \`filon config\` lists all settings.`,
  );
}

/** Code: CONFIG_VALUE_INVALID. */
export function checkSetting(name: keyof Config, value: unknown, source: string): void {
  if (SETTINGS[name].schema.safeParse(value).success) return;
  const { allowed } = SETTINGS[name];
  throw new FilonError<ConfigErrorDetails>(
    { code: 'CONFIG_VALUE_INVALID', field: name, value, source, allowed },
    `${source} sets ${name} to ${JSON.stringify(value)}. Allowed: ${allowed}.`,
  );
}

interface Candidate {
  source: Source;
  where: string;
  value: unknown;
}

/** From the weakest to the strongest. An empty variable counts as none. */
function candidates(name: keyof Config, inputs: ConfigInputs): Candidate[] {
  const found: Candidate[] = [];
  const fromText = SETTINGS[name].fromText;
  if (name in inputs.file) {
    found.push({ source: 'file', where: `The file ${inputs.filePath}`, value: inputs.file[name] });
  }
  const variable = variableName(name);
  const text = inputs.environment[variable];
  if (text !== undefined && text !== '') {
    found.push({ source: 'environment', where: `The environment's ${variable}`, value: fromText(text) });
  }
  const flag = inputs.flags[name];
  if (flag !== undefined) {
    found.push({ source: 'flag', where: `The flag --${flagName(name)}`, value: fromText(flag) });
  }
  return found;
}

function strangersIn(environment: ConfigInputs['environment']): string[] {
  const known = new Set([...SETTING_NAMES.map(variableName), ...OTHER_VARIABLES]);
  return Object.keys(environment).filter((name) => name.startsWith('FILON_') && !known.has(name));
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '');
}

function nearestTo(name: string): keyof Config | null {
  const wanted = plain(name);
  if (wanted.length < 3) return null;
  const near = SETTING_NAMES.find((known) => plain(known).includes(wanted) || wanted.includes(plain(known)));
  return near ?? null;
}
