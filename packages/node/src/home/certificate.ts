/** The certificate of a node that was given none: made once, kept in the home, signed by itself. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { FilonError, messageOf } from '@filon/core/errors';
import type { HomeErrorDetails } from './errors.ts';
import type { HomePaths } from './paths.ts';
import { writePrivately } from './private-file.ts';

export interface Certificate {
  /** PEM. */
  cert: string;
  key: string;
  /** sha256 of the certificate, as browsers show it: `AB:CD:...`. */
  fingerprint: string;
}

const DAY_MS = 86_400_000;
/** Some clients refuse certificates of more than 825 days, whoever signed them. */
const VALID_DAYS = 800;
const RENEW_DAYS = 30;

/** A pair that the operator gave. Code: HOME_CERTIFICATE. */
export function readCertificate(files: { cert: string; key: string }): Certificate {
  try {
    const [cert, key] = [readFileSync(files.cert, 'utf8'), readFileSync(files.key, 'utf8')];
    return certificateOf(cert, key);
  } catch (error) {
    throw new FilonError<HomeErrorDetails>(
      { code: 'HOME_CERTIFICATE', cert: files.cert, key: files.key },
      `The certificate ${files.cert} and its key ${files.key} cannot be used: ${messageOf(error)}. Give both, in PEM, and the key without a passphrase.`,
      { cause: error },
    );
  }
}

/** The node's own; a new one when there is none, or the old one is near its end. */
export async function ownCertificate(paths: HomePaths, nowMs: number): Promise<Certificate> {
  const kept = keptCertificate(paths, nowMs);
  if (kept !== null) return kept;
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: 'Filon node' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: ownNames() },
    ],
  });
  mkdirSync(dirname(paths.certificate), { recursive: true, mode: 0o700 });
  // The key first: a certificate without its key would be kept and never work.
  writePrivately(paths.certificateKey, made.private);
  writePrivately(paths.certificate, made.cert);
  return certificateOf(made.cert, made.private);
}

function keptCertificate(paths: HomePaths, nowMs: number): Certificate | null {
  try {
    const cert = readFileSync(paths.certificate, 'utf8');
    const key = readFileSync(paths.certificateKey, 'utf8');
    const { validToDate } = new X509Certificate(cert);
    return validToDate.getTime() - nowMs > RENEW_DAYS * DAY_MS ? certificateOf(cert, key) : null;
  } catch {
    // Not there, or cut short by a crash: another is made.
    return null;
  }
}

function certificateOf(cert: string, key: string): Certificate {
  const parsed = new X509Certificate(cert);
  if (parsed.checkPrivateKey(createPrivateKey(key))) return { cert, key, fingerprint: parsed.fingerprint256 };
  throw new RangeError('they do not belong together');
}

/** What this machine is called now; clients that check names should be given the certificate's fingerprint instead. */
function ownNames(): ({ type: 2; value: string } | { type: 7; ip: string })[] {
  const names = new Set(['localhost', hostname(), `${hostname()}.local`]);
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const addresses = new Set(['127.0.0.1', '::1', ...all.map(({ address }) => address)]);
  return [
    ...[...names].map((value) => ({ type: 2, value }) as const),
    ...[...addresses].map((ip) => ({ type: 7, ip }) as const),
  ];
}
