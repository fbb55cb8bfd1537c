/** What Ollama's clients may ask and only the operator of a node does, with the command that does it. */

export interface OperatorOnly {
  method: 'post' | 'delete';
  /** Below `/api`. */
  path: string;
  command: string;
}

export const OPERATOR_ONLY: readonly OperatorOnly[] = [
  { method: 'post', path: '/pull', command: 'filon pull MODEL' },
  { method: 'post', path: '/create', command: 'filon pull SOURCE' },
  { method: 'post', path: '/copy', command: 'filon pull SOURCE' },
  { method: 'delete', path: '/delete', command: 'filon rm MODEL' },
  { method: 'post', path: '/blobs/:digest', command: 'filon pull SOURCE' },
];
