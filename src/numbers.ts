import { ErrorCode, GatewayError } from "./errors.js";
import { MAX_TIMER } from "./limits.js";

/** @throws GatewayError `bad_input` for what no timer of a server can wait for */
export function checkMilliseconds(name: string, value: unknown): void {
  if (typeof value === "number" && value >= 0 && value <= MAX_TIMER) return;
  const message = `${name} is ${String(value)}, not milliseconds from 0 to ${MAX_TIMER}`;
  throw new GatewayError(ErrorCode.BadInput, message);
}

/**
 * Checks how long a call may wait for something to end: 0 does not wait, and Infinity waits forever.
 *
 * @throws GatewayError `bad_input` for what is not a number, and for a negative one
 */
export function checkWait(name: string, value: unknown): void {
  if (typeof value === "number" && value >= 0) return;
  const message = `${name} is ${String(value)}, not milliseconds from 0 to Infinity`;
  throw new GatewayError(ErrorCode.BadInput, message);
}

/** @throws GatewayError `bad_input` for what is not a whole number, or too small */
export function checkCount(name: string, value: unknown, least = 0): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  const message = `${name} is ${String(value)}, not a whole number from ${least} on`;
  throw new GatewayError(ErrorCode.BadInput, message);
}
