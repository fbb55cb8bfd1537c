/** `filon up`: a node in this terminal, or in the background. */
import { isFilonError } from '@filon/core/errors';
import type { Control } from '../../control/calls.ts';
import { ensureHome, isOpenToOthers } from '../../home/paths.ts';
import type { RemoteModel } from '../../ports/replicas.ts';
import type { Cli, CommandModule, OpenNode } from '../context.ts';
import { startDetached } from '../detached-node.ts';
import { examples } from '../examples.ts';
import { homeFlag } from '../hints.ts';
import { leansOnSwarm, readyModel, remoteModel, storedModel } from '../model-work.ts';
import { addSettingFlags } from '../settings-flags.ts';
import { reachAdvice, reachText } from '../swarm-words.ts';
import { stopNode } from './down.ts';

export const up: CommandModule = {
  define: (command) => {
    command
      .option('--detach', 'run in the background; come back when it is ready')
      .option('--no-model', 'do not fetch or load the default model')
      .option(
        '--join <invite>',
        'become a member of a swarm first, and use its models if none is here or was chosen',
      )
      .option('--enrol <word>', 'the same, as one of the rigs of whoever made the word')
      .addHelpText(
        'after',
        examples(
          ['filon up', 'stay in this terminal until Ctrl-C'],
          ['filon up --detach', 'go on in the background'],
          ['filon up --port 8080 --mode exact', 'with other settings'],
          ['filon up --join filoninvite1...', 'with what `filon swarm invite` printed elsewhere'],
        ),
      );
    addSettingFlags(command);
  },
  run: async (cli) => {
    const settings = cli.config().values;
    ensureHome(cli.paths);
    if (isOpenToOthers(cli.paths)) {
      cli.out.say(
        `Note: other users may read ${cli.paths.home}. \`chmod 700 ${cli.paths.home}\` keeps it yours.`,
      );
    }
    if (cli.options.flag('detach')) {
      const started = await startDetached(cli);
      cli.out.event(
        'listening',
        { url: started.url, pid: started.pid },
        `The node runs as process ${started.pid}.`,
      );
      const model = settings.defaultModel;
      await joinFirst(cli, cli.control).catch(async (error: unknown) => {
        // Who repeats the command with another invite would be told that a node runs here already.
        await stopNode({ ...cli, signal: new AbortController().signal }).catch(() => undefined);
        throw error;
      });
      await prepare(cli, { control: cli.control, url: started.url, model }).catch((error: unknown) => {
        sayWithoutModel(cli, model, error);
        throw error;
      });
      return;
    }
    const { makers } = cli.surroundings;
    await using node = await makers.openNode({ paths: cli.paths, settings, signal: cli.signal });
    cli.out.event('listening', { url: node.url, pid: process.pid }, `The node listens at ${node.url}.`);
    await joinFirst({ ...cli, signal: AbortSignal.any([cli.signal, node.stopAsked]) }, node.control);
    await prepareOrSay(cli, node, settings.defaultModel);
    await untilStopped(cli, node);
    cli.out.event('stopping', {}, 'Stopping: answers in work may end (Ctrl-C again: at once) ...');
  },
};

/** Codes: those of joinSwarm. A member already: nothing happens. */
async function joinFirst(cli: Cli, control: Control): Promise<void> {
  const enrols = cli.options.text('enrol');
  const invite = enrols ?? cli.options.text('join');
  if (invite === undefined) return;
  const asked = { invite, enrols: enrols !== undefined };
  const { swarm } = await control.joinSwarm(asked, { signal: cli.signal });
  cli.out.event('joined', { swarm: swarm.name }, `This node is a member of the swarm ${swarm.name}.`);
}

interface Started {
  control: Control;
  url: string;
  model: string;
}

/** For people alone: with `--json` nobody waits for the link, and it would lie in a file. `filon login` makes more. */
async function pageRows(cli: Cli, control: Control): Promise<readonly Row[]> {
  if (cli.out.json) return [];
  const { lanUrls, fingerprint } = await control.status({}, { signal: cli.signal });
  const { url } = await control.login({}, { signal: cli.signal });
  const network: Row[] = lanUrls.map((lanUrl) => [
    'From others',
    `${lanUrl} (with a key, or \`filon pair\`)`,
  ]);
  if (fingerprint !== null) network.push(['Certificate', `${fingerprint} (sha256)`]);
  return [['Chat page', `${url} (once, within ten minutes)`], ...network];
}

async function prepare(cli: Cli, started: Started): Promise<void> {
  const { control, url, model } = started;
  const home = homeFlag(cli.options.text('home'));
  const pages = [...(await pageRows(cli, control)), ...(await swarmRows(cli, control))];
  // Whoever said which model wants it here. In a swarm nothing else is fetched that nobody asked for.
  const isChosen = cli.config().sources.defaultModel !== 'default';
  const leans = cli.options.flag('model') && !isChosen && (await leansOnSwarm(cli, control, model));
  const remote = leans ? await remoteModel(cli, control, model) : null;
  if (remote !== null) {
    const { name, tier } = remote;
    const first = `Ready: ${name} is answered by other nodes of the swarm.`;
    const rows = [talkRow(home, remote), ...pages, ...apiRows(url, name)];
    cli.out.event('ready', { url, model: name, elsewhere: tier }, readyText(first, rows));
    return;
  }
  if (cli.options.flag('model') && !leans) {
    const { name, device } = await readyModel(cli, control, model);
    const first = `Ready: ${name} answers on ${device}.`;
    cli.out.event(
      'ready',
      { url, model: name },
      readyText(first, [talkRow(home), ...pages, ...apiRows(url, name)]),
    );
    return;
  }
  const stored = await storedModel(cli, control, model);
  const next: Row = stored === null ? ['Get a model', `./filon pull ${model}${home}`] : talkRow(home);
  const withheld = leans ? await withheldRows(cli, control) : [];
  const rows = [next, ...withheld, ...pages, ...apiRows(url, stored?.name ?? null)];
  cli.out.event('ready', { url, model: null }, readyText('Ready, with no model in memory.', rows));
}

/** Others have models, none of which this node may ask. */
async function withheldRows(cli: Cli, control: Control): Promise<readonly Row[]> {
  const look = await control.peers({}, { signal: cli.signal });
  if (!look?.peers.some(({ models }) => models.length > 0)) return [];
  return [
    [
      'Or',
      'have somebody answer this node: others have models, but serve their own machines alone (their setting swarmServes)',
    ],
  ];
}

/** For people alone. */
async function swarmRows(cli: Cli, control: Control): Promise<readonly Row[]> {
  const view = cli.out.json ? null : await control.swarm({}, { signal: cli.signal });
  if (view === null) return [];
  const advice = reachAdvice(view);
  const rows: Row[] = [['Swarm', `${view.swarm.name}: ${reachText(view)}`]];
  return advice === null ? rows : [...rows, ['Note', advice]];
}

/** A node without its model is still a node: it says what is wrong and stays, so that it can be mended. */
async function prepareOrSay(cli: Cli, node: OpenNode, model: string): Promise<void> {
  const signal = AbortSignal.any([cli.signal, node.stopAsked]);
  try {
    await prepare({ ...cli, signal }, { control: node.control, url: node.url, model });
  } catch (error) {
    if (signal.aborted) return;
    cli.out.failure(error);
    sayWithoutModel(cli, model, error);
  }
}

function sayWithoutModel(cli: Cli, model: string, error: unknown): void {
  const code = isFilonError(error) ? error.code : 'INTERNAL';
  const text = `The node is up without a model. When that is mended, \`filon pull ${model}\` and \`filon chat\` try again.`;
  cli.out.event('model-missing', { model, code }, text);
}

function untilStopped(cli: Cli, node: OpenNode): Promise<void> {
  const asked = AbortSignal.any([cli.signal, node.stopAsked]);
  if (asked.aborted) return Promise.resolve();
  return new Promise((resolve) => asked.addEventListener('abort', () => resolve(), { once: true }));
}

type Row = readonly [what: string, how: string];

function readyText(first: string, rows: readonly Row[]): string {
  return ['', first, '', ...rows.map(([what, how]) => `  ${what.padEnd(14)} ${how}`), ''].join('\n');
}

function talkRow(home: string, remote: RemoteModel | null = null): Row {
  if (remote === null) return ['Talk here', `./filon chat${home}`];
  const { name, tier } = remote;
  const why = tier === 'own' ? '' : ' (whoever runs those nodes can read what you ask)';
  return ['Talk here', `./filon chat ${name}${tier === 'own' ? '' : ` --tier ${tier}`}${home}${why}`];
}

function apiRows(url: string, model: string | null): readonly Row[] {
  const api: Row = ['OpenAI API', `${url}/v1`];
  if (model === null) return [api];
  const body = `{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}`;
  const curl = `curl${url.startsWith('https:') ? ' -k' : ''} ${url}/v1/chat/completions -H 'content-type: application/json' -d '${body}'`;
  return [api, ['Try it', curl]];
}
