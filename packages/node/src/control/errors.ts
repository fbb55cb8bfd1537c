/** What talking to a running node can fail with. */
import { FilonError } from '@filon/core/errors';

export type ControlErrorDetails =
  /** No node runs in this home. */
  | { code: 'CONTROL_NO_NODE'; home: string }
  /** The node went away in the middle of an answer, or does not answer. */
  | { code: 'CONTROL_LOST'; home: string }
  /** The node knows no such call: it is of another version. */
  | { code: 'CONTROL_CALL_UNKNOWN'; call: string }
  /** A call with wrong values. */
  | { code: 'CONTROL_INPUT_INVALID'; call: string; why: string }
  /** A call that is larger than any may be. */
  | { code: 'CONTROL_INPUT_TOO_LARGE'; bytesMax: number }
  /** More calls at once than a node takes. */
  | { code: 'CONTROL_BUSY'; callsMax: number }
  /** The node is about to end. */
  | { code: 'CONTROL_STOPPING' }
  /** No model of this name is stored. */
  | { code: 'CONTROL_MODEL_UNKNOWN'; model: string }
  /** The model is stored, but not loaded. */
  | { code: 'CONTROL_MODEL_NOT_LOADED'; model: string }
  /** No node or operator of this key or name is known here, or several are. */
  | { code: 'CONTROL_NODE_UNKNOWN'; node: string }
  /** A word to enrol with was wanted, and an invite given. */
  | { code: 'CONTROL_ENROLS_NOBODY' }
  /** This node cannot do that. */
  | { code: 'CONTROL_UNSUPPORTED'; call: string };

export function unknownNode(text: string): FilonError<ControlErrorDetails> {
  return new FilonError<ControlErrorDetails>(
    { code: 'CONTROL_NODE_UNKNOWN', node: text },
    `"${text}" is neither a key nor the name of one node that is known here. \`filon peers\` lists them; with --json also their keys.`,
  );
}
