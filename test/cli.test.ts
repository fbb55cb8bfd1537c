/** Every command as people and scripts type it, against a real node with a tiny model. */
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { libraryFolders } from '@filon/node/home/library-folders';
import { homePaths } from '@filon/node/home/paths';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonLines, openTestHome, type Ran, type RunningFilon, type TestHome } from './kit/filon.ts';

let here: TestHome;
beforeAll(() => {
  here = openTestHome();
});
afterAll(() => here[Symbol.asyncDispose]());

function lastJson(ran: Ran): Record<string, unknown> {
  return jsonLines(ran).at(-1) ?? {};
}

function errorCode(ran: Ran): unknown {
  const error = lastJson(ran)['error'];
  return typeof error === 'object' && error !== null && 'details' in error ? error.details : error;
}

describe('without a node', () => {
  test('help names every command, and costs no home', async () => {
    const ran = await here.run(['--help']);
    expect(ran.code).toBe(0);
    for (const word of ['up', 'chat', 'pull', 'doctor', 'backend', 'completion', 'test']) {
      expect(ran.stdout).toMatch(new RegExp(`^  (filon )?${word} `, 'm'));
    }
    expect(existsSync(here.home)).toBe(false);
    expect((await here.run([])).stdout).toBe(ran.stdout);
  });

  test('help of a command shows its options and examples', async () => {
    const ran = await here.run(['help', 'run']);
    expect(ran.stdout).toMatch(/--temperature/);
    expect(ran.stdout).toMatch(/Examples:/);
    expect((await here.run(['test', '--help'])).stdout).toMatch(/filon test test\/greedy/);
    const below = await here.run(['help', 'swarm', 'invite']);
    expect(below.stdout).toMatch(/--expires/);
    expect(below.stdout).toBe((await here.run(['swarm', 'invite', '--help'])).stdout);
  });

  test.each([
    [
      ['keys'],
      /'keys' does nothing by itself; there are `filon keys add`, `filon keys ls`, `filon keys rm`\. /,
    ],
    [['help', 'nonsense'], /Unknown command 'nonsense'\. /],
    [['up', 'nonsense'], /got 1: nonsense\. /],
  ])('%j says what is wrong', async (args, what) => {
    expect((await here.run(args)).stderr).toMatch(what);
  });

  test.each([
    [['nonsense'], 2, 'CLI_USAGE'],
    [['backend'], 2, 'CLI_USAGE'],
    [['test'], 2, 'CLI_USAGE'],
    [['up', '--nonsense'], 2, 'CLI_USAGE'],
    [['pull'], 2, 'CLI_USAGE'],
    [['run', 'one', 'two', 'three'], 2, 'CLI_USAGE'],
    [['logs', '-n', 'many'], 2, 'CLI_OPTION_INVALID'],
    [['ls', '--home', ''], 2, 'CLI_OPTION_INVALID'],
    [['show', ''], 2, 'CLI_OPTION_INVALID'],
    [['chat', ' '], 2, 'CLI_OPTION_INVALID'],
    [['completion', 'tcsh'], 1, 'CLI_SHELL_UNKNOWN'],
    [['backend', 'add', 'abacus'], 1, 'CLI_BACKEND_UNKNOWN'],
    [['up', '--port', '99999'], 1, 'CONFIG_VALUE_INVALID'],
    [['config', 'set', 'prot', '1'], 1, 'CONFIG_FIELD_UNKNOWN'],
    [['status'], 1, 'CONTROL_NO_NODE'],
    [['status', '--home', '/dev/null/home'], 1, 'CONTROL_NO_NODE'],
    [['down'], 1, 'CONTROL_NO_NODE'],
    [['ps'], 1, 'CONTROL_NO_NODE'],
    [['run', 'tiny', 'hello'], 1, 'CONTROL_NO_NODE'],
    [['chat'], 1, 'CONTROL_NO_NODE'],
    [['bench'], 1, 'CONTROL_NO_NODE'],
    [['show', 'nothing-like-this'], 1, 'CONTROL_MODEL_UNKNOWN'],
    [['rm', 'nothing-like-this'], 1, 'CONTROL_MODEL_UNKNOWN'],
    [['pull', 'file:/no/such/file.gguf'], 1, 'MODEL_'],
  ])('%j fails with exit code %i and %s', async (args, code, expected) => {
    const plain = await here.run(args);
    expect(plain.code).toBe(code);
    expect(plain.stderr).toMatch(new RegExp(`(^|\\n)filon: .*\\[${expected}\\w*\\]\\n$`, 's'));
    const json = await here.run([...args, '--json']);
    expect(json.code).toBe(code);
    expect(json.stderr).toBe('');
    expect(JSON.stringify(errorCode(json))).toContain(expected);
  });

  test('config says each value, its source and its meaning', async () => {
    const environment = { FILON_QUEUE_MAX: '7', FILON_PROT: '1' };
    expect((await here.run(['config', 'set', 'sessionsMax', '3'])).code).toBe(0);
    const plain = await here.run(['config', '--log-level', 'debug'], { environment });
    expect(plain.stdout).toMatch(/^sessionsMax = 3 sessions {2}\(file\)$/m);
    expect(plain.stdout).toMatch(/^queueMax = 7 requests {2}\(environment\)$/m);
    expect(plain.stdout).toMatch(/^logLevel = debug {2}\(flag\)$/m);
    expect(plain.stdout).toContain('FILON_PROT');
    const settings = lastJson(await here.run(['config', '--json']))['settings'];
    expect(settings).toContainEqual(
      expect.objectContaining({ name: 'sessionsMax', value: 3, source: 'file' }),
    );
    expect((await here.run(['config', 'unset', 'sessionsMax'])).stdout).toBe('sessionsMax is unset.\n');
    expect((await here.run(['config'])).stdout).toMatch(/^sessionsMax = 8 sessions {2}\(default\)$/m);
  });

  test.each(['bash', 'zsh', 'fish'])('completion for %s knows commands and options', async (shell) => {
    const { stdout } = await here.run(['completion', shell]);
    for (const word of ['doctor', 'certify', 'unset', 'detach', 'log-level', 'repin'])
      expect(stdout).toContain(word);
  });

  test('advice names the home that was named', async () => {
    const home = join(here.folder, 'other');
    const failed = await here.run(['status', '--home', home]);
    expect(failed.stderr).toContain(`\`filon up --home ${home}\``);
    expect((await here.run(['ls', '--home', home])).stdout).toContain(`smollm2-135m --home ${home}\``);
    expect((await here.run(['ls', `--home=${home}`, '--json'])).stdout).not.toContain('--home');
    const { stderr } = await here.run(['up', '--detach', '--no-model', '--home', home]);
    expect(stderr).toContain('Ready, with no model in memory.');
    expect(stderr).toMatch(/^ {2}Get a model +\.\/filon pull smollm2-135m --home \S+other$/m);
    expect(stderr).not.toContain('MODEL');
    expect((await here.run(['down', '--home', home])).code).toBe(0);
  });

  test('models come and go, and the same file twice is one', async () => {
    const pulled = await here.run(['pull', here.tinySource, '--json']);
    expect(pulled.code).toBe(0);
    expect(jsonLines(pulled).some((line) => 'progress' in line)).toBe(true);
    expect(lastJson(pulled)).toMatchObject({ name: 'tiny', architecture: 'llama' });
    const again = await here.run(['pull', here.tinySource]);
    expect(again.stdout).toMatch(/^tiny: /);
    expect(again.stderr).toMatch(/^tiny: connecting\ntiny: downloading \d+ kB\ntiny: verifying\n$/);
    expect((await here.run(['ls'])).stdout.match(/^tiny /gm)).toHaveLength(1);
    expect((await here.run(['show', 'tiny'])).stdout).toMatch(/^sha256 +[0-9a-f]{64}$/m);
    expect((await here.run(['rm', 'tiny'])).stdout).toMatch(/^Removed tiny/);
    expect((await here.run(['ls'])).stdout).toMatch(/^No models here/);
  });

  test.each([['version'], ['backend', 'ls'], ['ls', '--all'], ['completion', 'bash'], ['logs']])(
    '%j prints JSON when it is asked to',
    async (...args) => {
      const ran = await here.run([...args, '--json']);
      expect([ran.code, ran.stderr]).toEqual([0, '']);
      for (const line of jsonLines(ran)) expect(line).toBeTypeOf('object');
    },
  );

  test('a backend is put in whole or not at all, and taken out', async () => {
    const bin = join(here.folder, 'bin');
    const npm = join(bin, 'npm');
    const set = join('node_modules', '@scope', 'linux-x64-cuda', 'bins', 'linux-x64-cuda');
    mkdirSync(bin);
    const environment = { PATH: `${bin}:/usr/bin:/bin` };
    const fakeNpm = (last: string): void =>
      writeFileSync(npm, `#!/bin/sh\ntest -f package-lock.json && mkdir -p ${set} && ${last}\n`, {
        mode: 0o755,
      });
    fakeNpm('{ echo "no network" >&2; exit 7; }');
    const failed = await here.run(['backend', 'add', 'cuda', '--json'], { environment });
    expect(errorCode(failed)).toMatchObject({ code: 'CLI_BACKEND_FAILED' });
    expect(failed.stdout).toContain('no network');
    expect(libraryFolders(homePaths(here.home))).toEqual([]);
    fakeNpm('true');
    const added = await here.run(['backend', 'add', 'cuda', '--json'], { environment });
    expect(lastJson(added)).toMatchObject({ name: 'cuda', added: true });
    expect(libraryFolders(homePaths(here.home))).toEqual([join(here.home, 'backends', 'cuda', set)]);
    expect((await here.run(['backend', 'add', 'cuda'])).stdout).toBe('cuda is already here.\n');
    expect((await here.run(['backend', 'rm', 'cuda'])).stdout).toMatch(/^cuda is out/);
    expect((await here.run(['backend', 'ls'])).stdout).toMatch(/^cuda +no;/m);
  });

  test('doctor looks at everything and says what to mend', async () => {
    const ran = await here.run(['doctor', '--json']);
    const findings = lastJson(ran)['findings'];
    for (const name of [
      'runtime',
      'C library',
      'memory',
      'clock',
      'home',
      'disk',
      'engine',
      'device',
      'models',
    ]) {
      expect(findings).toContainEqual(expect.objectContaining({ name }));
    }
    expect(ran.code).toBe(0);
  });

  test('doctor moves a damaged database aside only when it is told to', async () => {
    const broken = openTestHome();
    mkdirSync(broken.home);
    writeFileSync(join(broken.home, 'filon.db'), 'no database at all '.repeat(500));
    const up = await broken.run(['up', '--no-model', '--json']);
    expect([up.code, errorCode(up)]).toEqual([1, expect.objectContaining({ code: 'STORE_CORRUPT' })]);
    const looked = await broken.run(['doctor']);
    expect([looked.code, looked.stdout]).toEqual([1, expect.stringMatching(/^fail {2}database/m)]);
    expect((await broken.run(['doctor', '--repair'])).stdout).toMatch(/^warn {2}repair/m);
    expect((await broken.run(['ls'])).code).toBe(0);
    await broken[Symbol.asyncDispose]();
  });
});

describe('with a node', () => {
  let node: RunningFilon;
  beforeAll(async () => {
    node = here.start(['up', '--json', '--default-model', here.tinySource]);
    await node.event('ready');
  });

  test('status, ps and ls agree', async () => {
    const status = await here.run(['status', '--json']);
    expect(lastJson(status)).toMatchObject({ state: 'running', ready: true, pid: node.child.pid });
    expect((await here.run(['status'])).stdout).toMatch(/^Answers +ready$/m);
    expect(jsonLines(await here.run(['ps', '--json']))[0]).toMatchObject([{ name: 'tiny', mode: 'fast' }]);
    expect((await here.run(['ls'])).stdout).toMatch(/^tiny .*in memory$/m);
    expect((await here.run(['show', 'tiny'])).stdout).toMatch(
      /^Loaded .* 8 sessions that share 512 tokens$/m,
    );
  });

  test('the home and the control socket are for their user alone', () => {
    expect(statSync(here.home).mode & 0o777).toBe(0o700);
    expect(statSync(join(here.home, 'control.sock')).mode & 0o777).toBe(0o600);
  });

  test('run answers, from an argument and from a pipe', async () => {
    const args = ['--max-tokens', '8', '--temperature', '0', '--seed', '1'];
    const json = lastJson(await here.run(['run', 'tiny', 'Hello', ...args, '--json']));
    expect(json).toMatchObject({ model: 'tiny', usage: { completionTokens: expect.any(Number) } });
    const plain = await here.run(['run', 'tiny', '-', ...args], { input: 'Hello\n' });
    expect(plain.code).toBe(0);
    expect(plain.stdout).toBe(`${json['text']}\n`);
  });

  test('run of a model that is not here says so', async () => {
    const ran = await here.run(['run', 'not-here', 'Hello', '--json']);
    expect([ran.code, errorCode(ran)]).toEqual([
      1,
      expect.objectContaining({ code: 'CLI_API_REFUSED', status: 404 }),
    ]);
    expect((await here.run(['run', 'tiny', '-'])).stderr).toContain('CLI_NO_INPUT');
  });

  test('chat keeps what was said, obeys its orders, and leaves', async () => {
    const input = 'Hello\n/model\n/system Be brief.\n/nonsense\n/clear\nAgain\n/exit\nnever asked\n';
    const environment = { FILON_CONTEXT_TOKENS: '512' };
    const ran = await here.run(['chat', 'tiny', '--json'], { input, environment });
    expect(ran.code).toBe(0);
    expect(jsonLines(ran).map((line) => line['question'])).toEqual(['Hello', 'Again']);
    expect((await here.run(['chat', 'tiny'], { input: '/model\n' })).stderr).toContain('Talking with tiny.');
  });

  test('bench measures one session and several', async () => {
    const args = ['bench', 'tiny', '--together', '2', '--prompt', '16', '--answer', '8'];
    const ran = await here.run([...args, '--json']);
    expect(lastJson(ran)).toMatchObject({ model: 'tiny', runs: [{ sessions: 1 }, { sessions: 2 }] });
    expect((await here.run(args)).stdout).toMatch(/ANSWER TOKENS\/S/);
  });

  test('a second node in this home is refused with the first one and its address', async () => {
    const { url } = await node.event('listening');
    for (const more of [[], ['--detach']]) {
      const ran = await here.run(['up', '--json', ...more]);
      const details = { code: 'HOME_IN_USE', pid: node.child.pid, url };
      expect([ran.code, errorCode(ran)]).toEqual([1, expect.objectContaining(details)]);
    }
  });

  test('models can be stopped, and removed from under the node', async () => {
    expect((await here.run(['stop', 'tiny'])).stdout).toBe('tiny is out of memory.\n');
    expect((await here.run(['ps'])).stdout).toBe('No model is in memory.\n');
    const again = await here.run(['stop', 'tiny', '--json']);
    expect(errorCode(again)).toMatchObject({ code: 'CONTROL_MODEL_NOT_LOADED' });
    expect((await here.run(['rm', 'tiny'])).code).toBe(0);
  });

  test('the log has no prompt, and logs shows it', async () => {
    const shown = await here.run(['logs', '-n', '1000']);
    expect(shown.stdout).toContain('node.started');
    expect(shown.stdout).not.toContain('Hello');
    expect(jsonLines(await here.run(['logs', '--json', '-n', '1']))).toHaveLength(1);
  });

  test('logs that are followed go on until Ctrl-C', async () => {
    const following = here.start(['logs', '-f', '-n', '0', '--json']);
    const url = String((await node.event('listening'))['url']);
    const refused = following.event('request.refused');
    let seen = false;
    void refused.then(() => {
      seen = true;
    });
    // It may not look yet when the first one is refused.
    await expect
      .poll(
        async () => {
          const headers = { 'content-type': 'application/json' };
          await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: '{"model":"tiny"}' });
          return seen;
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    following.child.kill('SIGINT');
    expect((await following.ended).code).toBe(0);
  });

  test('down ends it, and only then comes back', async () => {
    expect((await here.run(['down'])).stdout).toBe('The node has stopped.\n');
    expect((await node.ended).code).toBe(0);
    expect((await here.run(['status'])).code).toBe(1);
  });
});
