/** What the pages' API needs of the node. */
import type { Clock } from '../../ports/clock.ts';
import type { Engine } from '../../ports/engine.ts';
import type { Models } from '../../ports/models.ts';
import type { ServingControl } from '../../serve/serving.ts';
import type { NetworkView } from './network-view.ts';

export interface PanelNode {
  engine: Pick<Engine, 'devices' | 'status'>;
  models: Models;
  control: ServingControl;
  clock: Clock;
  /** null: this node has no network. */
  network: NetworkView | null;
  about: { version: string; defaultModel: string };
  /** Of the node process. */
  residentBytes: () => number;
  /** That models may still take. */
  diskFreeBytes: () => Promise<number>;
}
