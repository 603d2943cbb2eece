import type { ChosenScript, Site } from "../cgi/front-controller.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { timerDelay } from "./exchange.js";

/**
 * Chooses the script for a path of a site, within the time of the request: a caller's function
 * `scripts` may never answer.
 *
 * @throws GatewayError `deadline`, `aborted`; what `scripts` throws
 */
export async function chooseScript(
  site: Site,
  path: string,
  timeout: number,
  signal: AbortSignal,
): Promise<ChosenScript> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop: (() => void) | undefined;
  const interrupted = new Promise<never>((_, reject) => {
    const fail = (code: ErrorCode, message: string) => reject(new GatewayError(code, message));
    stop = () => fail(ErrorCode.Aborted, "the request was cancelled");
    const expire = () => fail(ErrorCode.Deadline, `no script was chosen within ${timeout} ms`);
    timer = setTimeout(expire, timerDelay("timeout", timeout));
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([site.choose(path), interrupted]);
  } finally {
    clearTimeout(timer);
    if (stop !== undefined) signal.removeEventListener("abort", stop);
  }
}
