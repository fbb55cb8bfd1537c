/** A part of the page that breaks says so and offers a way out, instead of an empty page. */
import { Component, type ReactNode } from 'react';

interface Props {
  children: ReactNode;
  /** What is shown in place of the children. */
  fallback: (error: unknown) => ReactNode;
  /** Another value tries the children again. */
  resetKey: string;
}

interface State {
  failed: { error: unknown } | null;
  resetKey: string;
}

export class ErrorBoundary extends Component<Props, State> {
  override state: State = { failed: null, resetKey: this.props.resetKey };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { failed: { error } };
  }

  static getDerivedStateFromProps({ resetKey }: Props, state: State): Partial<State> | null {
    return resetKey === state.resetKey ? null : { failed: null, resetKey };
  }

  override render(): ReactNode {
    const { failed } = this.state;
    return failed === null ? this.props.children : this.props.fallback(failed.error);
  }
}
