import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfigFile, writeConfigFile } from './file.ts';
import { type ConfigInputs, flagName, loadConfig, variableName } from './load.ts';
import { configSchema, SETTING_NAMES, SETTINGS } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const nothing: ConfigInputs = { file: {}, filePath: 'config.json', environment: {}, flags: {} };

describe('settings', () => {
  test.each([...SETTING_NAMES])('%s allows its default and says what it is', (name) => {
    expect(SETTINGS[name].schema.safeParse(SETTINGS[name].default).success).toBe(true);
    expect(SETTINGS[name].doc.length).toBeGreaterThan(20);
    expect(SETTINGS[name].allowed).not.toBe('');
  });

  test('without any source the defaults are in force', () => {
    const { values, sources } = loadConfig(nothing);
    expect(configSchema.parse(values)).toEqual(values);
    expect(values.port).toBe(4141);
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
  });

  test('flags win over the environment, which wins over the file', () => {
    const file = { port: 1, queueMax: 1, requestsMax: 1 };
    const environment = { FILON_PORT: '2', FILON_QUEUE_MAX: '2', FILON_HOST: '' };
    const { values, sources } = loadConfig({ ...nothing, file, environment, flags: { port: '3' } });
    expect([values.port, values.queueMax, values.requestsMax]).toEqual([3, 2, 1]);
    expect([sources.port, sources.queueMax, sources.requestsMax, sources.host]).toEqual([
      'flag',
      'environment',
      'file',
      'default',
    ]);
  });

  test('names in the environment and on the command line', () => {
    expect(variableName('logFileBytesMax')).toBe('FILON_LOG_FILE_BYTES_MAX');
    expect(flagName('logFileBytesMax')).toBe('log-file-bytes-max');
  });

  test.each([
    [{ flags: { port: '99999' } }, '--port', 'port', '99999', '0 to 65535'],
    [{ flags: { port: '' } }, '--port', 'port', '""', '0 to 65535'],
    [{ environment: { FILON_MODE: 'quick' } }, 'FILON_MODE', 'mode', 'quick', 'fast, exact'],
    [{ environment: { FILON_HOST: '-x y' } }, 'FILON_HOST', 'host', '-x y', '127.0.0.1'],
    [{ file: { threads: '4' } }, 'config.json', 'threads', '"4"', '0 to 1024'],
    [{ file: { port: -1 }, flags: { port: '1' } }, 'config.json', 'port', '-1', '0 to 65535'],
  ])('a wrong value is named with its source and range: %j', (inputs, ...parts) => {
    const load = (): unknown => loadConfig({ ...nothing, ...inputs });
    expect(load).toThrow(expect.objectContaining({ code: 'CONFIG_VALUE_INVALID' }));
    for (const part of parts) expect(load).toThrow(part);
  });

  test('an unknown setting in the file is refused with the nearest one', () => {
    const load = (): unknown => loadConfig({ ...nothing, file: { log_level: 'info' } });
    expect(load).toThrow(/logLevel/);
    expect(() => loadConfig({ ...nothing, file: { zzz: 1 } })).toThrow(/is no setting/);
  });

  test('unknown variables that begin like ours are told, not fatal', () => {
    const environment = { FILON_PROT: '1', FILON_HOME: '/x', PATH: '/bin' };
    expect(loadConfig({ ...nothing, environment }).strangers).toEqual(['FILON_PROT']);
  });

  test('any text for any setting gives a configuration or a clear error', () => {
    const inputs = fc.record({ name: fc.constantFrom(...SETTING_NAMES), text: fc.string() });
    fc.assert(
      fc.property(inputs, ({ name, text }) => {
        try {
          const { values } = loadConfig({ ...nothing, flags: { [name]: text } });
          expect(configSchema.safeParse(values).success).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONFIG_VALUE_INVALID', details: { field: name } });
        }
      }),
    );
  });
});

describe('the file', () => {
  test('no file is an empty one; what was written is read', () => {
    const path = join(folder, 'config.json');
    expect(readConfigFile(path)).toEqual({});
    writeConfigFile(path, { port: 5 });
    expect(readConfigFile(path)).toEqual({ port: 5 });
    expect(readFileSync(path, 'utf8')).toBe('{\n  "port": 5\n}\n');
  });

  test.each(['', '{', '[1]', '"text"', 'null'])('%j is refused with the path', (text) => {
    const path = join(folder, 'wrong.json');
    writeFileSync(path, text);
    expect(() => readConfigFile(path)).toThrow(expect.objectContaining({ code: 'CONFIG_FILE_INVALID' }));
    expect(() => readConfigFile(path)).toThrow(path);
  });

  test('a folder in its place is told', () => {
    expect(() => readConfigFile(folder)).toThrow(
      expect.objectContaining({ code: 'CONFIG_FILE_UNAVAILABLE' }),
    );
    expect(() => writeConfigFile(join(folder, 'no', 'config.json'), {})).toThrow(/rights/);
  });
});
