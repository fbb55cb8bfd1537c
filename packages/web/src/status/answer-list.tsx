import type { PanelAnswer } from '@filon/core/panel/messages';
import { type ReactElement, useRef, useState } from 'react';
import { count } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { stopAnswer } from '../panel/panel-api.ts';
import { agoText } from '../panel/times.ts';
import { useAction } from '../panel/use-action.ts';
import { useStatusWords } from './status-words.ts';

export interface AnswerListProps {
  answers: readonly PanelAnswer[];
  /** Of this browser. */
  nowMs: number;
  /** The list is other than what is shown. */
  onChanged: () => void;
}

/** Answers that go on though the page that asked for them may be gone, each with a way to stop it. */
export function AnswerList({ answers, nowMs, onChanged }: AnswerListProps): ReactElement {
  const { answers: words } = useStatusWords();
  const [told, setTold] = useState('');
  const title = useRef<HTMLHeadingElement>(null);
  const { failure, run } = useAction();
  const stop = async (answer: PanelAnswer): Promise<void> => {
    setTold('');
    if (!(await run(() => stopAnswer(answer.number)))) return;
    setTold(words.stopped(answer.model));
    // The button goes with its row.
    title.current?.focus();
    onChanged();
  };
  return (
    <section aria-labelledby="answers-title">
      <h2 id="answers-title" ref={title} tabIndex={-1}>
        {words.title}
      </h2>
      <p className="sr-only" role="status">
        {told}
      </p>
      {failure === null ? null : <FailureNotice failure={failure} isNews />}
      {answers.length === 0 ? (
        <p className="panel-empty">{words.empty}</p>
      ) : (
        <table className="panel-table" aria-labelledby="answers-title">
          <thead>
            <tr>
              <th scope="col">{words.model}</th>
              <th scope="col">{words.since}</th>
              <th scope="col">
                <span className="sr-only">{words.stop}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {answers.map((answer) => (
              <AnswerRow key={answer.number} answer={answer} nowMs={nowMs} onStop={() => void stop(answer)} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

interface AnswerRowProps {
  answer: PanelAnswer;
  nowMs: number;
  onStop: () => void;
}

function AnswerRow({ answer, nowMs, onStop }: AnswerRowProps): ReactElement {
  const { answers: words } = useStatusWords();
  const language = useLanguage();
  const { model, startedMs, followers } = answer;
  const since = agoText(nowMs - startedMs, language);
  return (
    <tr>
      <th scope="row">{model}</th>
      <td>
        {since}
        <span className="cell-more">
          {followers > 1
            ? words.readBy(count(followers, language))
            : words[followers === 1 ? 'readOnce' : 'unread']}
        </span>
      </td>
      <td className="number">
        <button type="button" className="button" aria-label={words.stopOf(model, since)} onClick={onStop}>
          {words.stop}
        </button>
      </td>
    </tr>
  );
}
