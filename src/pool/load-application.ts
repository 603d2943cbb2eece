import { pathToFileURL } from "node:url";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Application } from "../server/application.js";
import { loadError } from "./load-error.js";

/**
 * Imports an application's module and takes its default export.
 *
 * @param module its path, or its URL
 * @throws GatewayError `bad_input` when it cannot be loaded, or exports no handler
 */
export async function loadApplication(module: string): Promise<Application> {
  const url = moduleUrl(module);
  let loaded: { default?: unknown };
  try {
    loaded = await import(url);
  } catch (error) {
    throw loadError(error, url);
  }
  const exported = loaded.default;
  if (isApplication(exported)) return exported;
  throw new GatewayError(ErrorCode.BadInput, `${url} has no handler as its default export`, {
    hint: "export default (request, context) => new Response(…), or an object with fetch",
  });
}

/** The URL of a module that is named by its path, or by its URL. */
export function moduleUrl(module: string | URL): string {
  if (module instanceof URL) return module.href;
  return module.startsWith("file:") ? module : pathToFileURL(module).href;
}

function isApplication(value: unknown): value is Application {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null) return false;
  return ["fetch", "streams", "connection"].some(
    (name) => typeof (value as Record<string, unknown>)[name] === "function",
  );
}
