const ignore = (): void => {};

/**
 * Writes to standard error. That it cannot be written, on a full disk or to a reader that has left,
 * costs what was written, and ends no server.
 */
export function writeToStandardError(output: string | Uint8Array): void {
  const { stderr } = process;
  if (!stderr.listeners("error").includes(ignore)) stderr.on("error", ignore);
  stderr.write(output);
}
