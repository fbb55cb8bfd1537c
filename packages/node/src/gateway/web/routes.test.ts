import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { webRoutes } from './routes.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filon-web-'));
  await mkdir(join(folder, 'dist', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.js'), 'not for anybody');
  await writeFile(join(folder, 'dist', 'index.html'), '<!doctype html>');
  await writeFile(join(folder, 'dist', 'assets', 'page-AbC_1.js'), 'run();');
  await writeFile(join(folder, 'dist', 'assets', 'page-AbC_1.js.gz'), gzipSync('run();'));
  await writeFile(join(folder, 'dist', 'assets', 'notes.md'), 'of a kind that pages have no use for');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  await webRoutes(join(folder, 'dist')).request(path, { headers });

describe('the page', () => {
  test('may load and call nothing but its node, and asks again at each visit', async () => {
    const response = await get('/');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).not.toMatch(/unsafe|http|\*/);
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.text()).toBe('<!doctype html>');
  });

  test('may call the gateways that the operator named, and says which those are', async () => {
    const routes = webRoutes(join(folder, 'dist'), ['https://rig:4141', 'http://10.0.0.7:4141']);
    const policy = (await routes.request('/')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("; connect-src 'self' https://rig:4141 http://10.0.0.7:4141; ");
    expect(await (await routes.request('/gateways.json')).json()).toEqual({
      gateways: ['https://rig:4141', 'http://10.0.0.7:4141'],
    });
  });

  test('is not sent again when the browser has it', async () => {
    const etag = (await get('/')).headers.get('etag') ?? '';
    const again = await get('/', { 'if-none-match': etag });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect((await get('/', { 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('says how to build it where nobody has', async () => {
    const response = await webRoutes(join(folder, 'nothing')).request('/');
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('launcher/web.mjs');
  });
});

describe('an asset', () => {
  test('is kept for good, and compressed for those who take it', async () => {
    const plain = await get('/assets/page-AbC_1.js');
    expect(plain.headers.get('cache-control')).toContain('immutable');
    expect(plain.headers.get('content-type')).toContain('text/javascript');
    expect(plain.headers.get('content-encoding')).toBeNull();
    const small = await get('/assets/page-AbC_1.js', { 'accept-encoding': 'br, gzip' });
    expect(small.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(await small.bytes()).toString()).toBe('run();');
    expect(small.headers.get('etag')).not.toBe(plain.headers.get('etag'));
  });

  test.each([
    '/assets/missing.js',
    '/assets/..%2f..%2fsecret.js',
    '/assets/%2e%2e%2fsecret.js',
    '/assets/..%5c..%5csecret.js',
    '/assets/.hidden.js',
    '/assets/notes.md',
    '/assets/%00.js',
    '/assets/',
    '/secret.js',
  ])('is not %s', async (path) => expect((await get(path)).status).toBe(404));
});
