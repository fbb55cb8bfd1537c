import { createPublicKey, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyBytes, keyId } from '@filon/core/swarm/key-id';
import { afterAll, describe, expect, test } from 'vitest';
import { type HomeIdentity, openIdentity } from './identity.ts';
import { ensureHome, type HomePaths, homePaths } from './paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-identity-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let homes = 0;
function freshHome(): HomePaths {
  const paths = homePaths(join(folder, `home-${homes++}`));
  ensureHome(paths);
  return paths;
}
let files = 0;
function passphraseFile(text: string): string {
  const path = join(folder, `passphrase-${files++}`);
  writeFileSync(path, text);
  return path;
}
const open = (paths: HomePaths, file: string | null = null): HomeIdentity =>
  openIdentity(paths, { passphraseFile: file });
const keysOf = ({ node, operator }: HomeIdentity): string[] => [node.key, operator.key];
const refusal = (reason: string) => expect.objectContaining({ details: expect.objectContaining({ reason }) });
const BYTES = new TextEncoder().encode('some bytes');

describe('keys', () => {
  test('are made once, each its own, for their user alone', () => {
    const paths = freshHome();
    const first = open(paths);
    expect(keysOf(open(paths))).toEqual(keysOf(first));
    expect(new Set(keysOf(first)).size).toBe(2);
    for (const path of [paths.nodeKey, paths.operatorKey]) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(keysOf(open(freshHome()))).not.toEqual(keysOf(first));
  });

  test('sign as ed25519 does', () => {
    const { node } = open(freshHome());
    expect(keyId.safeParse(node.key).success).toBe(true);
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: node.key };
    const signature = node.sign(BYTES);
    expect(verify(null, BYTES, createPublicKey({ key: jwk, format: 'jwk' }), signature)).toBe(true);
    expect(keyBytes(node.key)).toHaveLength(32);
  });

  test('of a swarm are made when one is', () => {
    const paths = freshHome();
    const identity = open(paths);
    const root = identity.createSwarmKey();
    expect(open(paths).swarmKey(root.key)?.sign(BYTES)).toEqual(root.sign(BYTES));
    expect(identity.swarmKey(identity.node.key)).toBeNull();
  });

  test('that others may read are refused', () => {
    const paths = freshHome();
    open(paths);
    for (const mode of [0o640, 0o604, 0o620, 0o610]) {
      chmodSync(paths.nodeKey, mode);
      expect(() => open(paths)).toThrow(refusal('open'));
    }
    chmodSync(paths.nodeKey, 0o400);
    expect(open(paths).node.key).toBeDefined();
  });

  test('that are damaged are never replaced by themselves', () => {
    const paths = freshHome();
    const { node } = open(paths);
    const text = readFileSync(paths.nodeKey, 'utf8');
    const wrong = ['', text.slice(0, 60), '{}', text.replace('"filonKey":1', '"filonKey":2')];
    const other = open(freshHome()).node;
    for (const damaged of [...wrong, text.replace(node.key, other.key)]) {
      writeFileSync(paths.nodeKey, damaged);
      expect(() => open(paths)).toThrow(refusal('broken'));
      expect(readFileSync(paths.nodeKey, 'utf8')).toBe(damaged);
    }
  });

  test('that a crash left half written are made anew', () => {
    const paths = freshHome();
    writeFileSync(`${paths.nodeKey}.new`, '{"filonKey":', { mode: 0o644 });
    open(paths);
    expect(statSync(paths.nodeKey).mode & 0o777).toBe(0o600);
    expect(readdirSync(paths.home)).not.toContain('node.key.new');
  });
});

describe('a passphrase', () => {
  test('seals keys, also those that lay in the clear', () => {
    const paths = freshHome();
    const { node } = open(paths);
    const root = open(paths).createSwarmKey();
    const secret = Buffer.from(node.seed).toString('base64url');
    expect(readFileSync(paths.nodeKey, 'utf8')).toContain(secret);
    const file = passphraseFile('correct horse\n');
    expect(keysOf(open(paths, file))).toEqual(keysOf(open(paths, file)));
    expect(open(paths, file).swarmKey(root.key)?.key).toBe(root.key);
    for (const path of [paths.nodeKey, paths.operatorKey, join(paths.swarmKeys, `${root.key}.key`)])
      expect(readFileSync(path, 'utf8')).not.toContain('"seed"');
    expect(open(paths, passphraseFile('correct horse')).node.seed).toEqual(node.seed);
  });

  test('is needed from then on, and must be the same', () => {
    const paths = freshHome();
    open(paths, passphraseFile('one'));
    const before = readFileSync(paths.nodeKey, 'utf8');
    expect(() => open(paths)).toThrow(refusal('locked'));
    expect(() => open(paths, passphraseFile('two'))).toThrow(refusal('passphrase'));
    expect(() => open(paths, passphraseFile('\n'))).toThrow(refusal('passphrase'));
    expect(() => open(paths, join(folder, 'no-such-file'))).toThrow(refusal('passphrase'));
    expect(readFileSync(paths.nodeKey, 'utf8')).toBe(before);
  });

  test('does not open what was changed', () => {
    const paths = freshHome();
    const file = passphraseFile('one');
    open(paths, file);
    const kept = JSON.parse(readFileSync(paths.nodeKey, 'utf8'));
    const other = open(freshHome()).node.key;
    writeFileSync(paths.nodeKey, JSON.stringify({ ...kept, key: other }));
    expect(() => open(paths, file)).toThrow(refusal('passphrase'));
  });
});
