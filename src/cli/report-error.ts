import type { GatewayError } from "../errors.js";
import type { Style } from "./terminal/style.js";
import { visible, visibleLines } from "./terminal/visible.js";

/** What went wrong, for people: with its address, what the backend said, and what to check. */
export function errorLines(error: GatewayError, style: Style): string[] {
  const address = error.address === undefined ? "" : `${visible(error.address)}: `;
  return [
    `${style.bad("fcgi-probe:")} ${address}${visible(error.message)}`,
    ...backendLines(error.stderr),
    `${style.warning("hint:")} ${visible(error.hint)}`,
  ];
}

function backendLines(stderr: string | undefined): string[] {
  const text = visibleLines(stderr ?? "").trim();
  return text === "" ? [] : text.split("\n").map((line) => `stderr: ${line}`);
}
