/** The gateways that the commands that talk may ask: this home's node, then those of the setting `gateways`. */
import { FilonError } from '@filon/core/errors';
import type { Command } from 'commander';
import { type Config, SETTINGS } from '../config/settings.ts';
import { readWithMode } from '../home/private-file.ts';
import type { CliErrorDetails } from './errors.ts';

export type Gateway =
  /** Nobody but the home's user can open it, so no key is needed. */
  | { kind: 'home'; socket: string }
  /** `fingerprint`: of its certificate, where no authority signed it. */
  | { kind: 'other'; url: string; key: string | null; fingerprint: string | null };

interface Shown {
  key: string;
  fingerprint: string | null;
}

const KEYS_CHARS_MAX = 65_536;
const LINE = /^(\S+)[ \t]+([\x21-\x7e]{1,4096})(?:[ \t]+((?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}))?$/;

/** Codes: CLI_GATEWAY_KEYS. */
export function gatewaysOf(
  apiSocket: string,
  { gateways, gatewayKeys }: Pick<Config, 'gateways' | 'gatewayKeys'>,
): readonly Gateway[] {
  const shown = gatewayKeys === '' ? new Map<string, Shown>() : readKeys(gatewayKeys);
  const others = gateways === '' ? [] : gateways.split(',');
  return [
    { kind: 'home', socket: apiSocket },
    ...others.map((url): Gateway => {
      const { key = null, fingerprint = null } = shown.get(url) ?? {};
      return { kind: 'other', url, key, fingerprint };
    }),
  ];
}

export function nameOf(gateway: Gateway): string {
  return gateway.kind === 'home' ? 'the node of this home' : gateway.url;
}

export function elsewhereText(names: readonly string[]): string {
  return `(continued by another node: ${names.join(', then ')})`;
}

/** The settings, for one command. */
export function addGatewayOptions(command: Command): void {
  command
    .option('--gateways <urls>', SETTINGS.gateways.doc)
    .option('--gateway-keys <file>', SETTINGS.gatewayKeys.doc);
}

/** A line for each: its address, its key, and the fingerprint of its certificate if no authority signed that. */
function readKeys(path: string): Map<string, Shown> {
  const found = readWithMode(path);
  if (found === null) throw fault(path, 'it is not there');
  if ((found.mode & 0o077) !== 0) {
    throw fault(path, `its mode is ${found.mode.toString(8)}, so others may have read it; \`chmod 600\` it`);
  }
  if (found.text.length > KEYS_CHARS_MAX) throw fault(path, `it has more than ${KEYS_CHARS_MAX} characters`);
  const lines = found.text.split('\n').map((line) => line.trim());
  const entries = lines.flatMap((line, index) => {
    if (line === '' || line.startsWith('#')) return [];
    const [, url, key, fingerprint = null] = LINE.exec(line) ?? [];
    // The line itself may be a key.
    if (url === undefined || key === undefined) {
      throw fault(path, `line ${index + 1} is not an address, a key and at most a fingerprint`);
    }
    return [[url, { key, fingerprint: fingerprint?.toUpperCase() ?? null }] as const];
  });
  return new Map(entries);
}

function fault(file: string, why: string): FilonError<CliErrorDetails> {
  const message = `The keys of other gateways cannot be read from ${file}: ${why}.`;
  return new FilonError<CliErrorDetails>({ code: 'CLI_GATEWAY_KEYS', file }, message);
}
