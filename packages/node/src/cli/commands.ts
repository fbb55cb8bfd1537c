/** The commands, each in a file of its own that is loaded when it is asked for. */
import type { CommandModule } from './context.ts';

export interface CommandEntry {
  /** As it is typed, two words for a command below another. */
  name: string;
  summary: string;
  group: 'Node' | 'Models' | 'Talk' | 'Train' | 'Swarm' | 'Machine' | 'More';
  load(): Promise<CommandModule>;
}

export const COMMANDS: readonly CommandEntry[] = [
  entry(
    'up',
    'Node',
    'start a node, with a model that is ready to answer',
    async () => (await import('./commands/up.ts')).up,
  ),
  entry('down', 'Node', 'stop the node of this home', async () => (await import('./commands/down.ts')).down),
  entry('status', 'Node', 'say how the node is', async () => (await import('./commands/status.ts')).status),
  entry('logs', 'Node', 'show the log', async () => (await import('./commands/logs.ts')).logs),
  entry(
    'login',
    'Node',
    'let a browser on this machine in, or list and end those that are',
    async () => (await import('./commands/login.ts')).login,
  ),
  entry(
    'pair',
    'Node',
    'let a phone on this network in, by a code',
    async () => (await import('./commands/pair.ts')).pair,
  ),
  entry(
    'keys add',
    'Node',
    'make a key of the API',
    async () => (await import('./commands/keys-add.ts')).keysAdd,
  ),
  entry(
    'keys ls',
    'Node',
    'list the keys and what was used with them',
    async () => (await import('./commands/keys-ls.ts')).keysLs,
  ),
  entry('keys rm', 'Node', 'end a key', async () => (await import('./commands/keys-rm.ts')).keysRm),
  entry(
    'upstream add',
    'Node',
    'let an endpoint that speaks OpenAI’s API join as a worker',
    async () => (await import('./commands/upstream-add.ts')).upstreamAdd,
  ),
  entry(
    'upstream ls',
    'Node',
    'list the upstreams and how they do',
    async () => (await import('./commands/upstream-ls.ts')).upstreamLs,
  ),
  entry(
    'upstream rm',
    'Node',
    'take an upstream out',
    async () => (await import('./commands/upstream-rm.ts')).upstreamRm,
  ),
  entry('run', 'Talk', 'answer one prompt', async () => (await import('./commands/run.ts')).run),
  entry('chat', 'Talk', 'talk with a model', async () => (await import('./commands/chat.ts')).chat),
  entry('pull', 'Models', 'fetch a model', async () => (await import('./commands/pull.ts')).pull),
  entry('ls', 'Models', 'list models', async () => (await import('./commands/ls.ts')).ls),
  entry(
    'show',
    'Models',
    'say everything about one model',
    async () => (await import('./commands/show.ts')).show,
  ),
  entry('rm', 'Models', 'remove a model from the disk', async () => (await import('./commands/rm.ts')).rm),
  entry('ps', 'Models', 'list the models in memory', async () => (await import('./commands/ps.ts')).ps),
  entry(
    'stop',
    'Models',
    'take a model out of memory',
    async () => (await import('./commands/stop.ts')).stop,
  ),
  entry(
    'data inspect',
    'Models',
    'say what is in data to train on',
    async () => (await import('./commands/data-inspect.ts')).dataInspect,
  ),
  entry(
    'train',
    'Train',
    'train a model by a recipe',
    async () => (await import('./commands/train.ts')).train,
  ),
  entry('train ls', 'Train', 'list the runs', async () => (await import('./commands/train-ls.ts')).trainLs),
  entry(
    'train show',
    'Train',
    'say everything about one run',
    async () => (await import('./commands/train-show.ts')).trainShow,
  ),
  entry(
    'train stop',
    'Train',
    'stop a run, with a checkpoint',
    async () => (await import('./commands/train-stop.ts')).trainStop,
  ),
  entry(
    'train resume',
    'Train',
    'go on with a run',
    async () => (await import('./commands/train-resume.ts')).trainResume,
  ),
  entry(
    'train export',
    'Train',
    'write the newest checkpoint as a model’s file',
    async () => (await import('./commands/train-export.ts')).trainExport,
  ),
  entry(
    'eval',
    'Train',
    'say how good a run or a model is at what a recipe holds out',
    async () => (await import('./commands/eval.ts')).evaluate,
  ),
  entry(
    'swarm create',
    'Swarm',
    'make a swarm',
    async () => (await import('./commands/swarm-create.ts')).swarmCreate,
  ),
  entry(
    'swarm invite',
    'Swarm',
    'print a word that lets one node in',
    async () => (await import('./commands/swarm-invite.ts')).swarmInvite,
  ),
  entry(
    'swarm invites',
    'Swarm',
    'list the invites of this node',
    async () => (await import('./commands/swarm-invites.ts')).swarmInvites,
  ),
  entry(
    'swarm uninvite',
    'Swarm',
    'take an invite back',
    async () => (await import('./commands/swarm-uninvite.ts')).swarmUninvite,
  ),
  entry(
    'swarm join',
    'Swarm',
    'become a member by an invite',
    async () => (await import('./commands/swarm-join.ts')).swarmJoin,
  ),
  entry(
    'swarm ls',
    'Swarm',
    'list the members',
    async () => (await import('./commands/swarm-ls.ts')).swarmLs,
  ),
  entry(
    'swarm revoke',
    'Swarm',
    'end the membership of a node',
    async () => (await import('./commands/swarm-revoke.ts')).swarmRevoke,
  ),
  entry(
    'swarm readmit',
    'Swarm',
    'undo the revocation of a node',
    async () => (await import('./commands/swarm-readmit.ts')).swarmReadmit,
  ),
  entry(
    'swarm rules',
    'Swarm',
    'say who may invite and who is let in, or change it',
    async () => (await import('./commands/swarm-rules.ts')).swarmRules,
  ),
  entry(
    'swarm leave',
    'Swarm',
    'be no member any more',
    async () => (await import('./commands/swarm-leave.ts')).swarmLeave,
  ),
  entry('peers', 'Swarm', 'show the other nodes', async () => (await import('./commands/peers.ts')).peers),
  entry(
    'route',
    'Swarm',
    'say where a request would be answered, and why',
    async () => (await import('./commands/route.ts')).route,
  ),
  entry('rigs', 'Swarm', 'watch your own machines', async () => (await import('./commands/rigs.ts')).rigs),
  entry(
    'rigs enrol',
    'Swarm',
    'print a word that makes a machine one of yours',
    async () => (await import('./commands/rigs-enrol.ts')).rigsEnrol,
  ),
  entry(
    'rigs disown',
    'Swarm',
    'say that a machine is yours no more',
    async () => (await import('./commands/rigs-disown.ts')).rigsDisown,
  ),
  entry(
    'trust add',
    'Swarm',
    'trust an operator with what you ask',
    async () => (await import('./commands/trust-add.ts')).trustAdd,
  ),
  entry(
    'trust ls',
    'Swarm',
    'list the operators that you trust',
    async () => (await import('./commands/trust-ls.ts')).trustLs,
  ),
  entry(
    'trust rm',
    'Swarm',
    'trust an operator no more',
    async () => (await import('./commands/trust-rm.ts')).trustRm,
  ),
  entry(
    'doctor',
    'Machine',
    'check this machine and say what to mend',
    async () => (await import('./commands/doctor.ts')).doctor,
  ),
  entry(
    'bench',
    'Machine',
    'measure a model on this machine',
    async () => (await import('./commands/bench.ts')).bench,
  ),
  entry(
    'certify',
    'Machine',
    'find and prove exact settings for a model',
    async () => (await import('./commands/certify.ts')).certify,
  ),
  entry(
    'backend ls',
    'Machine',
    'list the backends',
    async () => (await import('./commands/backend-ls.ts')).backendLs,
  ),
  entry(
    'backend add',
    'Machine',
    'put a backend in',
    async () => (await import('./commands/backend-add.ts')).backendAdd,
  ),
  entry(
    'backend rm',
    'Machine',
    'take a backend out',
    async () => (await import('./commands/backend-rm.ts')).backendRm,
  ),
  entry(
    'config',
    'More',
    'show the settings, or change one',
    async () => (await import('./commands/config.ts')).config,
  ),
  entry(
    'config set',
    'More',
    'keep a setting in the home',
    async () => (await import('./commands/config-set.ts')).configSet,
  ),
  entry(
    'config unset',
    'More',
    'go back to the default of a setting',
    async () => (await import('./commands/config-unset.ts')).configUnset,
  ),
  entry(
    'completion',
    'More',
    'print a completion script for a shell',
    async () => (await import('./commands/completion.ts')).completion,
  ),
  entry(
    'test',
    'More',
    'check that this copy of Filon is sound',
    async () => (await import('./commands/test.ts')).test,
  ),
  entry(
    'version',
    'More',
    'say which versions this is made of',
    async () => (await import('./commands/version.ts')).version,
  ),
];

/** For the groups of commands that have no entry of their own. */
export const PARENTS: Readonly<Record<string, { summary: string; group: CommandEntry['group'] }>> = {
  keys: { summary: 'who may call the API from other machines, and how much', group: 'Node' },
  upstream: { summary: 'vLLM, SGLang, llama-server and others as workers', group: 'Node' },
  data: { summary: 'texts to train on', group: 'Models' },
  swarm: { summary: 'the network of nodes that this one belongs to', group: 'Swarm' },
  trust: { summary: 'whose machines you trust with what you ask', group: 'Swarm' },
  backend: { summary: 'what computes besides the CPU and Vulkan', group: 'Machine' },
};

function entry(
  name: string,
  group: CommandEntry['group'],
  summary: string,
  load: CommandEntry['load'],
): CommandEntry {
  return { name, group, summary, load };
}
