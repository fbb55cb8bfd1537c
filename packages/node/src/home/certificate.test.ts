import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { ownCertificate, readCertificate } from './certificate.ts';
import { homePaths } from './paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let homes = 0;
const newHome = () => {
  homes += 1;
  return homePaths(join(folder, String(homes)));
};
const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2027, 0, 1);

describe('the own certificate', () => {
  test('is made once, for this machine, and kept where only its user reads it', async () => {
    const paths = newHome();
    const made = await ownCertificate(paths, NOW_MS);
    expect(await ownCertificate(paths, NOW_MS + 700 * DAY_MS)).toEqual(made);
    for (const path of [paths.certificate, paths.certificateKey])
      expect(statSync(path).mode & 0o777).toBe(0o600);
    const parsed = new X509Certificate(made.cert);
    expect(parsed.checkHost('localhost')).toBe('localhost');
    expect(parsed.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(parsed.fingerprint256).toBe(made.fingerprint);
    expect((parsed.validToDate.getTime() - parsed.validFromDate.getTime()) / DAY_MS).toBeLessThanOrEqual(825);
  });

  test('is made anew before it ends, and where a crash left half of it', async () => {
    const paths = newHome();
    const first = await ownCertificate(paths, NOW_MS);
    const second = await ownCertificate(paths, NOW_MS + 780 * DAY_MS);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    writeFileSync(paths.certificate, second.cert.slice(0, 100));
    expect((await ownCertificate(paths, NOW_MS)).cert).toContain('END CERTIFICATE');
    writeFileSync(paths.certificateKey, first.key);
    const mended = await ownCertificate(paths, NOW_MS);
    expect(new X509Certificate(mended.cert).fingerprint256).toBe(mended.fingerprint);
    expect(mended.key).not.toBe(first.key);
  });

  test('is what a client meets', async () => {
    const { cert, key, fingerprint } = await ownCertificate(newHome(), Date.now());
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const met = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ca: [cert] }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
      socket.on('error', reject);
    });
    server.close();
    expect(met).toBe(fingerprint);
  });
});

describe('a certificate that was given', () => {
  test('is read', async () => {
    const { certificate: cert, certificateKey: key, ...paths } = newHome();
    const made = await ownCertificate({ certificate: cert, certificateKey: key, ...paths }, NOW_MS);
    expect(readCertificate({ cert, key })).toEqual(made);
  });

  test('that cannot be used is named', async () => {
    const [one, two] = [newHome(), newHome()];
    await Promise.all([ownCertificate(one, NOW_MS), ownCertificate(two, NOW_MS)]);
    const wrong = [
      { cert: one.certificate, key: two.certificateKey },
      { cert: one.certificate, key: '' },
      { cert: join(folder, 'missing'), key: one.certificateKey },
      { cert: one.certificateKey, key: one.certificateKey },
    ];
    for (const files of wrong) {
      expect(() => readCertificate(files)).toThrow(expect.objectContaining({ code: 'HOME_CERTIFICATE' }));
    }
  });
});
