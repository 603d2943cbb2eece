import { existsSync } from "node:fs";
import { Protocol, parseAddress } from "../../address.js";
import { parseStatusUrl } from "../../apache/fetch/status-url.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { kindOf, type TargetKind } from "../target.js";

/**
 * Checks the address of a target.
 *
 * @returns what it is
 * @throws GatewayError `bad_address`
 */
export function checkTargetAddress(address: string): TargetKind {
  const kind = kindOf(address);
  if (kind === "apache") parseStatusUrl(address);
  else {
    const { protocol } = parseAddress(address, existsSync);
    if (protocol !== Protocol.FastCgi) {
      throw new GatewayError(
        ErrorCode.BadAddress,
        `"${address}" has the protocol ${protocol}, and PHP-FPM speaks FastCGI`,
        { address },
      );
    }
  }
  return kind;
}

/** Whether a text can be the name of a label that is written by hand. */
export function isLabelName(name: string): boolean {
  return /^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,127}$/.test(name);
}

/** The names of labels that the exporter sets itself. A target's label of such a name is an error. */
export const reservedLabels: ReadonlySet<string> = new Set([
  ...["scrape_uri", "target", "pool", "child", "state", "reason", "le", "quantile", "pm"],
  ...["type", "mode", "kind", "interval", "version", "mpm", "balancer", "worker", "name"],
]);
