/** What a Node process still uses after a collection, by its debugger: what it has not collected yet is no growth. */
/** For `NODE_OPTIONS` of the process. */
export const DEBUGGER = '--inspect=127.0.0.1:0';

export interface LiveHeap extends Disposable {
  /** Collects first. MB of objects and of buffers outside the heap. */
  read(): Promise<number>;
}

/** `stderr`: of a process that was started with {@link DEBUGGER}, which says there where it listens. */
export async function openLiveHeap(stderr: string): Promise<LiveHeap> {
  const address = /ws:\/\/\S+/.exec(stderr)?.[0];
  if (address === undefined) throw new RangeError(`no debugger in: ${stderr}`);
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new RangeError(`no debugger at ${address}`)));
  });
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data));
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  let calls = 0;
  const call = (method: string, params: object = {}): Promise<unknown> => {
    calls += 1;
    const id = calls;
    socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => waiting.set(id, resolve));
  };
  const expression = '((m) => m.heapUsed + m.external)(process.memoryUsage())';
  return {
    read: async () => {
      await call('HeapProfiler.collectGarbage');
      const { result } = (await call('Runtime.evaluate', { expression })) as { result: { value: number } };
      return result.value / 1e6;
    },
    [Symbol.dispose]: () => socket.close(),
  };
}
