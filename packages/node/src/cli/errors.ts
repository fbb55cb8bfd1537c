/** What the command line itself fails with. Errors of the node pass through as they are. */
export type CliErrorDetails =
  /** An unknown command, option or argument. */
  | { code: 'CLI_USAGE' }
  /** The value of an option or an argument is outside its range. */
  | { code: 'CLI_OPTION_INVALID'; option: string; value: string; allowed: string }
  /** Ctrl-C, or an end signal. */
  | { code: 'CLI_INTERRUPTED' }
  /** A node in the background ended while it started. */
  | { code: 'CLI_NODE_DIED'; exitCode: number | null }
  /** A node in the background did not come up, or did not end, in time. */
  | { code: 'CLI_TIMEOUT'; waitedSeconds: number }
  /** The API answered with an error. */
  | { code: 'CLI_API_REFUSED'; status: number; apiCode: string | null }
  /** The API's answer ended before it was complete. */
  | { code: 'CLI_API_BROKEN' }
  /** The file of the setting `gatewayKeys`. */
  | { code: 'CLI_GATEWAY_KEYS'; file: string }
  /** Some checks of `filon doctor` failed. */
  | { code: 'CLI_DOCTOR_FAILED'; failed: string[] }
  /** Needs a terminal, or an input. */
  | { code: 'CLI_NO_INPUT' }
  /** npm could not put a backend in. */
  | { code: 'CLI_BACKEND_FAILED'; backend: string }
  | { code: 'CLI_BACKEND_UNKNOWN'; backend: string; known: string[] }
  | { code: 'CLI_SHELL_UNKNOWN'; shell: string };
