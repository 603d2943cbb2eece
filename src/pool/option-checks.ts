import { ErrorCode, GatewayError } from "../errors.js";

/** How many workers a pool has. */
interface WorkerNumbers {
  maxChildren: number;
  startServers: number;
  minSpareServers: number;
  maxSpareServers: number;
}

type Given = { [Name in keyof WorkerNumbers]?: number | undefined };

/**
 * Numbers of workers have an order. The spare bounds are a dynamic pool's, but must not contradict
 * the others wherever they are given.
 *
 * @param settings with what is not given decided
 * @throws GatewayError `bad_input`
 */
export function checkNumbers(settings: WorkerNumbers & { pm: string }, given: Given): void {
  const ordered = (lesser: keyof WorkerNumbers, greater: keyof WorkerNumbers): void => {
    const value = given[lesser] ?? settings[lesser];
    if (value <= settings[greater]) return;
    const isDefault = given[greater] === undefined;
    throw wrong(
      `${lesser} ${value} is more than ${greater} ${settings[greater]}${isDefault ? " (its default)" : ""}`,
      `lower ${lesser}, or raise ${greater}`,
    );
  };
  if (settings.pm === "dynamic" || (given.minSpareServers ?? given.maxSpareServers) !== undefined) {
    whole("minSpareServers", settings.minSpareServers, 1);
    whole("maxSpareServers", settings.maxSpareServers, 1);
    ordered("minSpareServers", "maxSpareServers");
    ordered("maxSpareServers", "maxChildren");
  }
  ordered("startServers", "maxChildren");
}

/** @throws GatewayError `bad_input` unless a number is whole, and not too small */
export function whole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw wrong(`${name} is ${value}, not a whole number from ${least} on`);
}

/** Why options cannot be as they are. */
export function wrong(message: string, hint?: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, { hint });
}
