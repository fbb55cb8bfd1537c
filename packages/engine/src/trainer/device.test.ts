import { expect, test } from 'vitest';
import { TENSOR_TYPE } from '../ffi/ggml-graph.ts';
import { F32, processor } from './training.fixture.ts';

test('an operation that the device has no kernel for is refused before it is computed', () => {
  const device = processor();
  try {
    const build = (type: number) =>
      device.buildGraph(F32, (b) => {
        const matrix = b.apply('new_tensor_4d', TENSOR_TYPE.f32, 64, 8, 1, 1);
        const other = b.apply('new_tensor_4d', type, 64, 4, 1, 1);
        return b.output(b.product(matrix, other));
      });
    expect(build(TENSOR_TYPE.f32).graph.nodes).toBe(1);
    expect(() => build(TENSOR_TYPE.bf16)).toThrow(
      expect.objectContaining({
        code: 'TRAIN_OPERATION_UNSUPPORTED',
        details: expect.objectContaining({ device: 'cpu', operation: 'MUL_MAT' }),
      }),
    );
  } finally {
    device.close();
  }
});
