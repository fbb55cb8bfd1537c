/** Every decoder of bytes from peers and of model files, and of what clients hand in of an answer. A new one gets a line in one of these lists. */
import type { Target } from './target.ts';
import { ANSWERING_TARGETS } from './targets/answering.ts';
import { DATA_TARGETS } from './targets/data.ts';
import { GGUF_TARGETS } from './targets/gguf.ts';
import { MEMBER_TARGETS } from './targets/members.ts';
import { RESUMPTION_TARGETS } from './targets/resumption.ts';
import { SWARM_TARGETS } from './targets/swarm.ts';

export const TARGETS: readonly Target[] = [
  ...SWARM_TARGETS,
  ...MEMBER_TARGETS,
  ...ANSWERING_TARGETS,
  ...RESUMPTION_TARGETS,
  ...GGUF_TARGETS,
  ...DATA_TARGETS,
];
