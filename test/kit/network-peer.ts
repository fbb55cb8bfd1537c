/** A network in a process of its own, as a test sees it. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Libp2pConfig } from '@filon/node/adapters/libp2p/network';
import type { PeerAddress, PeerConnection, Reachability } from '@filon/node/ports/network';
import type { NetworkCall } from './network-process.ts';

const PROGRAM = new URL('network-process.ts', import.meta.url).pathname;
const LINE_MS = 30_000;

export interface PeerOptions {
  config?: Pick<Libp2pConfig, 'listen' | 'ways'>;
  /** In front of the program, as `ip netns exec NAME`. */
  within?: readonly string[];
  /** Of Node. */
  flags?: readonly string[];
}

export class NetworkPeer implements AsyncDisposable {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor({ config, within = [], flags = [] }: PeerOptions = {}) {
    const command = [...within, process.execPath, ...flags, PROGRAM, JSON.stringify(config ?? {})];
    this.process = spawn(command[0] ?? '', command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface(this.process.stdout)[Symbol.asyncIterator]();
  }

  /** Once, before anything else. */
  async address(): Promise<PeerAddress> {
    return JSON.parse(await this.#line());
  }

  async dial(address: PeerAddress): Promise<PeerConnection> {
    return await this.#call({ call: 'dial', address });
  }

  async echo(peer: string, bytes: number): Promise<number> {
    return await this.#call({ call: 'echo', peer, bytes });
  }

  async peers(): Promise<PeerConnection[]> {
    return await this.#call({ call: 'peers' });
  }

  async addresses(): Promise<string[]> {
    return await this.#call({ call: 'addresses' });
  }

  async reachability(): Promise<Reachability> {
    return await this.#call({ call: 'reachability' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }

  async #call<T>(call: NetworkCall): Promise<T> {
    this.process.stdin.write(`${JSON.stringify(call)}\n`);
    const answer: { result: T } | { error: string } = JSON.parse(await this.#line());
    if ('error' in answer) throw new RangeError(answer.error);
    return answer.result;
  }

  async #line(): Promise<string> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new RangeError('the process says nothing')), LINE_MS);
    const { value, done } = await Promise.race([this.#lines.next(), promise]).finally(() =>
      clearTimeout(timer),
    );
    if (done === true) throw new RangeError('the process ended');
    return value;
  }
}
