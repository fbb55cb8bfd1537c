/** The child that looks for devices: drivers may hang or abort, so nobody else calls them first. Prints nothing. */
import { isFilonError, messageOf } from '@filon/core/errors';
import { type Backend, loadBackends } from '../ffi/backends.ts';
import { openLibrarySet } from '../ffi/library-set.ts';

const [directory = '', wanted = ''] = process.argv.slice(2);
try {
  const { devices, cpuKernels } = loadBackends(openLibrarySet(directory), wanted.split(',') as Backend[]);
  const found = devices.map(({ pointer: _, ...device }) => device);
  process.send?.({ devices: found, cpuKernels });
} catch (error) {
  process.send?.({
    error: isFilonError(error) ? error.toObject() : { message: messageOf(error), details: {} },
  });
}
process.disconnect?.();
