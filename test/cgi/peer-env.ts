import { fixture } from "../fixtures.js";

/** What uWSGI understood of a captured request: its application answers with its environment. */
export interface PeerView {
  bodyLength: number;
  /** The variables that came from the front end, in byte strings. */
  env: ReadonlyMap<string, string>;
}

export function peerView(name: string): PeerView {
  const answer = Buffer.from(fixture(`wire/${name}--001.s2c.bin`)).toString("latin1");
  const { body_len, env } = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4));
  const own = Object.entries<string>(env).filter(([variable]) => !variable.startsWith("wsgi."));
  return { bodyLength: body_len, env: new Map(own) };
}
