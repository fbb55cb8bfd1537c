/** What answering for peers fails with. A peer is told of them by their code. */
import { FilonError } from '@filon/core/errors';

export type AnswerErrorDetails =
  /** Not a member, or beyond the tier that this node serves. */
  | { code: 'ANSWER_FORBIDDEN' }
  /** The peer did what no honest one does. */
  | { code: 'ANSWER_MISUSED'; how: string }
  /** A seat at which nothing ran for too long. */
  | { code: 'ANSWER_IDLE' }
  /** The peer is done with it. */
  | { code: 'ANSWER_LEFT' };

export function misused(how: string): FilonError<AnswerErrorDetails> {
  return new FilonError<AnswerErrorDetails>(
    { code: 'ANSWER_MISUSED', how },
    `a peer misused its seat here: ${how}`,
  );
}

export function forbidden(): FilonError<AnswerErrorDetails> {
  return new FilonError<AnswerErrorDetails>(
    { code: 'ANSWER_FORBIDDEN' },
    'this node does not answer for the peer: it is no member here, or of a wider tier',
  );
}

export function left(): FilonError<AnswerErrorDetails> {
  return new FilonError<AnswerErrorDetails>({ code: 'ANSWER_LEFT' }, 'the peer is done with it');
}
