/** Endpoints over TLS are known by an authority, or by the fingerprint that was named, before anything is sent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownCertificate } from '@filon/node/home/certificate';
import { homePaths } from '@filon/node/home/paths';
import { afterAll, expect, test } from 'vitest';
import { openFakeEndpoint, sayJson } from '../../../../../test/kit/fake-endpoint.ts';
import type { EndpointAddress } from '../../ports/upstreams.ts';
import { createHttpUpstreams } from './http-upstreams.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-upstream-tls-'));
const certificate = await ownCertificate(homePaths(folder), Date.now());
const other = await ownCertificate(homePaths(join(folder, 'other')), Date.now());
afterAll(() => rmSync(folder, { recursive: true }));

async function models(fingerprint: string | null): Promise<{ asked: number; made: unknown }> {
  await using endpoint = await openFakeEndpoint(
    (response) => sayJson(response, { data: [{ id: 'm' }] }),
    certificate,
  );
  const address: EndpointAddress = { url: endpoint.url, key: 'sk-very-secret', fingerprint };
  const options = { signal: AbortSignal.timeout(20_000) };
  const made = await createHttpUpstreams()
    .models(address, options)
    .catch((error: unknown) => error);
  return { asked: endpoint.asked.length, made };
}

test('the right fingerprint is enough', async () => {
  expect(await models(certificate.fingerprint)).toMatchObject({ asked: 1, made: [{ id: 'm' }] });
});

test.each([
  ['no authority', null],
  ['another fingerprint', other.fingerprint],
])('with %s nothing is sent, the key least of all', async (_, fingerprint) => {
  const { asked, made } = await models(fingerprint);
  expect(asked).toBe(0);
  expect(made).toMatchObject({
    ...{ code: 'UPSTREAM_CERTIFICATE', message: expect.stringContaining('--fingerprint') },
  });
});
