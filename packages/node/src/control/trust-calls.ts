/** The calls about whom this operator trusts. They need the home alone, so they work without a running node as well. */
import { FilonError } from '@filon/core/errors';
import { type KeyId, keyId } from '@filon/core/swarm/key-id';
import { keyName } from '@filon/core/swarm/key-name';
import type { TrustList } from '../swarm/membership/trust.ts';
import type { TrustControl } from './calls.ts';
import { type ControlErrorDetails, unknownNode } from './errors.ts';

export interface TrustCallsDeps {
  trust: Pick<TrustList, 'add' | 'remove' | 'list'>;
  /** Of the one node with this key or name; null: none is known, or several are. */
  operatorOf: (text: string) => KeyId | null;
}

export function createTrustCalls({ trust, operatorOf }: TrustCallsDeps): TrustControl {
  return {
    trusted: async () => trust.list(),
    trust: async ({ operator: text, name }) => {
      const operator = operatorOf(text) ?? (keyId.safeParse(text).success ? text : null);
      if (operator === null) throw unknownNode(text);
      return trust.add(operator, name ?? keyName(operator));
    },
    distrust: async ({ operator: text }) => {
      const listed = trust.list();
      const named = listed.find(({ operator, name }) => operator === text || name === text);
      const itsOperator = operatorOf(text);
      const found = named ?? listed.find(({ operator }) => operator === itsOperator);
      if (found === undefined) throw notTrusted(text);
      trust.remove(found.operator);
      return found;
    },
  };
}

function notTrusted(text: string): FilonError<ControlErrorDetails> {
  return new FilonError<ControlErrorDetails>(
    { code: 'CONTROL_NODE_UNKNOWN', node: text },
    `Nobody called "${text}" is on the list. \`filon trust ls\` says who is.`,
  );
}
