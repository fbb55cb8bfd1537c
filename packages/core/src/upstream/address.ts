/** Where an upstream is, as an operator wrote it. */
import { FilonError } from '../errors.ts';
import type { PrivacyTier } from '../serving/tier.ts';
import type { UpstreamErrorDetails } from './errors.ts';

export const UPSTREAM_URL_CHARS_MAX = 2048;

/** Loopback, the networks that are routed nowhere (RFC 1918, 3927, 6598, 4193, 4291), as URLs write them. */
const OWN_ADDRESSES: readonly RegExp[] = [
  /^127\./,
  /^10\./,
  /^192\.168\./,
  /^169\.254\./,
  /^172\.(1[6-9]|2\d|3[01])\./,
  /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  /^\[::1\]$/,
  /^\[f[cd][0-9a-f]{2}:/,
  /^\[fe[89ab][0-9a-f]:/,
];
/** Names that no public name server knows: single words, and RFC 6762, 8375, 9476. */
const OWN_NAMES = /^[^.[\]]+$|\.(local|internal|lan|home\.arpa)$/;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

export interface UpstreamAddress {
  /** A key goes along, which must not travel in the clear through foreign networks. */
  hasKey: boolean;
  /** Its certificate was named. */
  hasFingerprint: boolean;
}

/** The base of its API, without a slash at the end; `/v1` where the address has no path. Codes: UPSTREAM_URL_INVALID. */
export function upstreamUrl(text: string, { hasKey, hasFingerprint }: UpstreamAddress): string {
  const url = text.length > UPSTREAM_URL_CHARS_MAX ? null : URL.parse(text);
  if (url === null) throw invalid('it is no address; write one like http://10.0.0.7:8000');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalid('it must begin with http: or https:');
  if (url.username !== '' || url.password !== '') {
    throw invalid('it has a name or a password in it; keep a key in a file and say --key-file');
  }
  if (url.search !== '' || url.hash !== '') throw invalid('it has more than a path behind its host');
  if (hasFingerprint && url.protocol === 'http:')
    throw invalid('only https: has a certificate to be known by');
  if (hasKey && url.protocol === 'http:' && !isOwnNetwork(url.hostname)) {
    throw invalid('its key would be read by everybody on the way; use https:');
  }
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${path === '' ? '/v1' : path}`;
}

/** Host and port, for messages. */
export function upstreamHost(url: string): string {
  return new URL(url).host;
}

/** Whose machine it is where nobody said: the operator's own in a network of one's own, anybody's elsewhere. */
export function tierOfUpstream(url: string): PrivacyTier {
  return isOwnNetwork(new URL(url).hostname) ? 'own' : 'open';
}

/** By the host's name alone, as {@link URL} gives it: nobody is asked, so nobody can answer something else later. */
function isOwnNetwork(host: string): boolean {
  if (IPV4.test(host) || host.startsWith('[')) return OWN_ADDRESSES.some((pattern) => pattern.test(host));
  return OWN_NAMES.test(host);
}

function invalid(why: string): FilonError<UpstreamErrorDetails> {
  const message = `This address of an upstream cannot be used: ${why}.`;
  return new FilonError<UpstreamErrorDetails>({ code: 'UPSTREAM_URL_INVALID', why }, message);
}
