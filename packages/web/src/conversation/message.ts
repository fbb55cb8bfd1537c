/** What a conversation is made of, as it is kept in the browser and exported. Plain JSON values only. */
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { Served } from './served.ts';

export interface Attachment {
  name: string;
  text: string;
  /** Of the file; null when the whole text was taken, else how many characters were left out. */
  leftOutCharacters: number | null;
}

export interface UserMessage {
  role: 'user';
  id: string;
  /** The answer that this follows; null for a first message. */
  parent: string | null;
  createdMs: number;
  text: string;
  attachments: Attachment[];
}

/** How an answer ended. `length`: the tokens or the context ran out. `lost`: the node could not be reached again. */
export type AnswerEnd =
  | { kind: 'done' }
  | { kind: 'length' }
  | { kind: 'stopped' }
  | { kind: 'lost' }
  | { kind: 'failed'; code: string; message: string };

export interface Figures {
  /** From the question to the first text; null when the page did not see both. */
  firstTokenMs: number | null;
  /** While text came; null when it came in pieces that the page did not see. */
  tokensPerSecond: number | null;
  tokens: number;
}

export interface AnswerMessage {
  role: 'assistant';
  id: string;
  /** The question. */
  parent: string | null;
  createdMs: number;
  model: string;
  text: string;
  reasoning: string;
  /** By which the node knows the answer while it is not whole; null before the node took it, and afterwards. */
  responseId: string | null;
  /** Of the last event that `text` and `reasoning` contain; -1 before the first. */
  sequence: number;
  /** null while it comes. */
  end: AnswerEnd | null;
  figures: Figures | null;
  /** In order; none: the node that was asked did all of it. Absent in messages of earlier versions. */
  servedBy?: readonly Served[];
  /** Origin of the gateway that went on with it. Absent: the page's own node had all of it. */
  gateway?: string;
}

export type Message = UserMessage | AnswerMessage;

/** null: whatever the node does without being told. */
export interface ChatSettings {
  model: string | null;
  system: string;
  temperature: number | null;
  topP: number | null;
  maxTokens: number | null;
  seed: number | null;
  /** Whose machines may answer; `own` when absent, as in conversations of earlier versions. */
  tier?: PrivacyTier;
}

export interface Conversation {
  id: string;
  title: string;
  createdMs: number;
  updatedMs: number;
  settings: ChatSettings;
  /** By parent (`''`: none), the child that is shown where there are several. */
  chosen: Record<string, string>;
}

export const DEFAULT_SETTINGS: ChatSettings = {
  model: null,
  system: '',
  temperature: null,
  topP: null,
  maxTokens: null,
  seed: null,
};
