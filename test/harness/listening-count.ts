/** How many sockets this process listens on. */
export function listeningCount(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|Pipe)Server/.test(name)).length;
}
