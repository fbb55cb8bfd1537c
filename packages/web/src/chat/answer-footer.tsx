import type { ReactElement } from 'react';
import type { AnswerMessage, Figures } from '../conversation/message.ts';
import { count, measure } from '../i18n/numbers.ts';
import { useLanguage, useWords } from '../i18n/words.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Icon } from '../ui/icon.tsx';
import { BranchArrows } from './branch-arrows.tsx';
import { ServedBy } from './served-by.tsx';
import type { TurnActions } from './turn-actions.ts';

export interface AnswerFooterProps {
  message: AnswerMessage;
  siblings: string;
  actions: TurnActions;
}

export function AnswerFooter({ message, siblings, actions }: AnswerFooterProps): ReactElement {
  const words = useWords().chat.answer;
  return (
    <footer className="turn-tools">
      <BranchArrows siblings={siblings} shown={message.id} onChoose={actions.choose} />
      {message.text === '' ? null : <CopyButton text={message.text} label={words.copy} />}
      <button
        type="button"
        className="icon-button"
        aria-label={words.again}
        title={words.again}
        onClick={() => actions.again(message)}
      >
        <Icon name="again" />
      </button>
      {message.figures === null ? null : <FigureList figures={message.figures} />}
      <ServedBy servedBy={message.servedBy ?? []} />
      {message.gateway === undefined ? null : <ContinuedAt gateway={message.gateway} />}
    </footer>
  );
}

/** The page's own node was gone. */
function ContinuedAt({ gateway }: { gateway: string }): ReactElement {
  const { served: words } = useWords().chat;
  return (
    <p className="served small">
      <span className="served-mark" title={words.continuedBy(gateway)}>
        <Icon name="again" />
        {words.continued}
      </span>
    </p>
  );
}

function FigureList({ figures }: { figures: Figures }): ReactElement {
  const words = useWords().chat.answer;
  const language = useLanguage();
  const { tokensPerSecond, firstTokenMs, tokens } = figures;
  return (
    <ul className="figures" aria-label={words.figures}>
      {tokensPerSecond === null ? null : <li>{words.perSecond(measure(tokensPerSecond, language))}</li>}
      {firstTokenMs === null ? null : <li>{words.firstToken(measure(firstTokenMs / 1000, language))}</li>}
      <li>{words.tokens(count(tokens, language))}</li>
    </ul>
  );
}
