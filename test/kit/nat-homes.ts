/**
 * Two homes behind NATs and a public host, in network namespaces of this process's own: needs root, `ip` and `nft`. The
 * NATs keep ports where they can, take in nothing that was not asked for, and say nothing to what they do not take.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const COMMAND_MS = 10_000;

async function ip(...args: string[]): Promise<void> {
  await run('ip', args, { timeout: COMMAND_MS });
}

/** null: they can be made here. */
export async function whyNoHomes(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'namespaces need root';
  const name = `filon-${process.pid}-try`;
  try {
    await ip('netns', 'add', name);
  } catch {
    return '`ip netns` does not work here';
  }
  try {
    await run('ip', ['netns', 'exec', name, 'nft', 'add', 'table', 'ip', 'filon'], { timeout: COMMAND_MS });
    return null;
  } catch {
    return '`nft`, which makes the NATs, is not here or may do nothing';
  } finally {
    await ip('netns', 'del', name);
  }
}

export interface NatHomes extends AsyncDisposable {
  /** In front of a command, to run it there. */
  within(place: Place): string[];
}

export type Place = 'public' | 'homeA' | 'homeB';

const PUBLIC_HOST = '203.0.113.10';
const HOMES = [
  { home: 'homeA', nat: 'natA', outside: '203.0.113.1', inside: '10.1.0' },
  { home: 'homeB', nat: 'natB', outside: '203.0.113.2', inside: '10.2.0' },
] as const;

/** `symmetric`: each dial gets a random port outside, so that nobody can know the hole. */
export async function openNatHomes(options: { symmetric: boolean }): Promise<NatHomes> {
  const prefix = `filon-${process.pid}`;
  const space = (place: string): string => `${prefix}-${place}`;
  const within = (place: string): string[] => ['ip', 'netns', 'exec', space(place)];
  const inside = async (place: string, ...command: string[]): Promise<void> => {
    await run('ip', ['netns', 'exec', space(place), ...command], { timeout: COMMAND_MS });
  };
  const made: string[] = [];
  const dispose = async (): Promise<void> => {
    for (const place of made.reverse()) await ip('netns', 'del', space(place)).catch(() => undefined);
  };
  const add = async (place: string): Promise<void> => {
    await ip('netns', 'add', space(place));
    made.push(place);
    await inside(place, 'ip', 'link', 'set', 'lo', 'up');
  };
  /** A cable whose ends are called after the other end. */
  const cable = async (a: string, b: string): Promise<void> => {
    const ends = ['link', 'add', b, 'netns', space(a), 'type', 'veth', 'peer', 'name', a, 'netns', space(b)];
    await ip(...ends);
    for (const [place, other] of [
      [a, b],
      [b, a],
    ] as const)
      await inside(place, 'ip', 'link', 'set', other, 'up');
  };
  const address = (place: string, other: string, text: string): Promise<void> =>
    inside(place, 'ip', 'address', 'add', `${text}/24`, 'dev', other);
  try {
    for (const place of ['net', 'public', ...HOMES.flatMap(({ home, nat }) => [home, nat])]) await add(place);
    await inside('net', 'ip', 'link', 'add', 'bridge', 'type', 'bridge');
    await inside('net', 'ip', 'link', 'set', 'bridge', 'up');
    for (const place of ['public', 'natA', 'natB']) {
      await cable('net', place);
      await inside('net', 'ip', 'link', 'set', place, 'master', 'bridge');
    }
    await address('public', 'net', PUBLIC_HOST);
    for (const { home, nat, outside, inside: subnet } of HOMES) {
      await cable(nat, home);
      await address(nat, 'net', outside);
      await address(nat, home, `${subnet}.1`);
      await address(home, nat, `${subnet}.2`);
      await inside(home, 'ip', 'route', 'add', 'default', 'via', `${subnet}.1`);
      await inside(nat, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
      await inside(nat, 'nft', natRules(home, options));
    }
    return { within, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function natRules(home: string, { symmetric }: { symmetric: boolean }): string {
  return `
    table ip filon {
      chain post { type nat hook postrouting priority 100; oifname "net" masquerade ${symmetric ? 'random,fully-random' : ''}; }
      chain forward {
        type filter hook forward priority 0; policy drop;
        iifname "${home}" accept;
        ct state established,related accept;
      }
      chain input { type filter hook input priority 0; policy drop; iifname "lo" accept; }
    }`;
}
