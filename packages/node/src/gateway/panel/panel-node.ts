/** What the pages' API needs of the node. */
import type { Clock } from '../../ports/clock.ts';
import type { Engine } from '../../ports/engine.ts';
import type { Models } from '../../ports/models.ts';
import type { ServingControl } from '../../serve/serving.ts';
import type { Trainings } from '../../train/pipeline.ts';
import type { NetworkView } from './network-view.ts';

/** What the Training page does with runs. */
export interface PanelTrainings extends Pick<Trainings, 'list' | 'start' | 'stop' | 'resume'> {
  reader(id: string): Pick<ReturnType<Trainings['reader']>, 'look'>;
}

export interface PanelNode {
  engine: Pick<Engine, 'devices' | 'status'>;
  models: Models;
  control: ServingControl;
  clock: Clock;
  /** null: this node has no network. */
  network: NetworkView | null;
  /** Opened when somebody asks for the first time. */
  trainings(): Promise<PanelTrainings>;
  about: { version: string; defaultModel: string };
  /** Of the node process. */
  residentBytes: () => number;
  /** That models may still take. */
  diskFreeBytes: () => Promise<number>;
}
