import { spawn } from "node:child_process";
import { requireServer } from "../harness/servers.js";

export interface Load {
  requests: number;
  /** Answers that were not 2xx or 3xx. */
  refused: number;
  /** Connections that nginx did not make, or cut. */
  broken: number;
}

/** Asks a web server for one URL without a pause, by 64 connections of wrk. */
export async function wrk(url: string, seconds: number): Promise<Load> {
  const args = ["-t", "1", "-c", "64", "-d", `${seconds}s`, "--timeout", "30s", url];
  const child = spawn(requireServer("wrk"), args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (text) => {
    said += text;
  });
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`wrk ended with ${code}:\n${said}`);
  const number = (pattern: RegExp) => Number(pattern.exec(said)?.[1] ?? 0);
  const broken = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(said);
  return {
    requests: number(/(\d+) requests in/),
    refused: number(/Non-2xx or 3xx responses: (\d+)/),
    broken: broken === null ? 0 : broken.slice(1).reduce((sum, each) => sum + Number(each), 0),
  };
}
