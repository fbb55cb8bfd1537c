/** What the Models and Status pages say to their node and hear from it, under `/filon/v1`. Times: ms since 1970. */
import type { Fit } from '../model/fit.ts';

/** `GET session`: who this browser is. Only an operator's may ask for anything else here. */
export interface PanelSession {
  control: boolean;
}

/** `GET models`, one for each that is here or in the catalogue. */
export interface PanelModel {
  name: string;
  title: string;
  licence: string | null;
  architecture: string;
  contextTokens: number;
  bytes: number;
  /** On the disk. */
  stored: boolean;
  /** In memory, and how many sessions it answers now. */
  loaded: { sessions: number; sessionsMax: number; device: string; mode: 'fast' | 'exact' } | null;
  fit: Fit;
  /** Catalogue only: nobody of the project has tried this download yet. */
  untried: boolean;
}

export type JobState = 'running' | 'done' | 'failed' | 'cancelled';

/** Long work that goes on whether or not a page looks at it. */
export interface PanelJob {
  id: string;
  kind: 'pull' | 'load';
  model: string;
  state: JobState;
  /** Bytes for a pull, hundredths for a load. */
  done: number;
  /** null while nobody knows. */
  total: number | null;
  /** Of `done`, over the last seconds; null while there is too little to tell. */
  perSecond: number | null;
  leftMs: number | null;
  error: { code: string; message: string } | null;
}

/** Every event of `GET jobs`: all jobs, the newest first. */
export interface PanelJobs {
  jobs: PanelJob[];
}

export interface PanelDevice {
  id: string;
  name: string;
  backend: string;
  memoryBytes: number;
  freeBytes: number;
  worker: 'none' | 'idle' | 'starting' | 'up' | 'backing-off' | 'crash-loop';
  deaths: number;
}

export interface PanelFault {
  atMs: number;
  /** What was asked, e.g. `chat`. */
  route: string;
  code: string;
  message: string;
}

/** One that goes on though nobody may be reading it. */
export interface PanelAnswer {
  /** For `DELETE answers/{number}`, until the node ends. */
  number: number;
  model: string;
  startedMs: number;
  /** Connections that read it. */
  followers: number;
}

/** `DELETE answers/{number}`. */
export interface PanelStopped {
  /** false: it was over already. */
  stopped: boolean;
}

/** `GET status`. */
export interface PanelStatus {
  version: string;
  uptimeSeconds: number;
  ready: boolean;
  reason: string;
  defaultModel: string;
  residentBytes: number;
  devices: PanelDevice[];
  sessions: { model: string; count: number }[];
  answers: PanelAnswer[];
  active: number;
  queued: number;
  queueMax: number;
  /** Since the start of the node. */
  counters: {
    generatedTokens: number;
    promptTokens: number;
    cachedTokens: number;
    answered: number;
    refused: number;
    resumed: number;
    workerDeaths: number;
  };
  /** The last ones, newest first. */
  faults: PanelFault[];
}
