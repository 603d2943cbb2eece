/** One line of a listener's log. */
export interface WebLogRecord {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** The error in words. */
  readonly error?: string | undefined;
}

export type WebLog = (record: WebLogRecord) => void;
