/** Addresses and views of native memory. */
import koffi from 'koffi';

/** An address in this process; null is NULL. */
export type Pointer = bigint | null;

/** A view of native floats: no copy, valid only as long as the memory is. */
export function floatsAt(pointer: bigint, length: number): Float32Array {
  return new Float32Array(koffi.view(pointer, length * 4));
}

export function intsAt(pointer: bigint, length: number): Int32Array {
  return new Int32Array(koffi.view(pointer, length * 4));
}

export function bytesAt(pointer: bigint, length: number): Int8Array {
  return new Int8Array(koffi.view(pointer, length));
}

/** The pointer stored at `index` of a native array of pointers. */
export function pointerAt(array: bigint, index: number): bigint {
  return BigInt(koffi.decode.uint64(array + BigInt(index * 8)));
}
