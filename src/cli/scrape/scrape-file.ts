import { badTextfileName, isTextfileName, writeTextfile } from "../../exporter/push/textfile.js";
import { styleFor } from "../../terminal/style.js";
import type { Io } from "../io.js";
import { warningLine } from "../report-error.js";
import type { ScrapeFormat, ScrapeOutput } from "./scrape-writer.js";

/** A file that a scrape writes. It is replaced as a whole, when the scrape is complete. */
export class ScrapeFile implements ScrapeOutput {
  /** A file has no width, and no colours. */
  readonly columns = undefined;
  readonly style = styleFor(false, {});
  readonly #path: string;
  readonly #parts: string[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  async write(content: string | Uint8Array): Promise<void> {
    this.#parts.push(typeof content === "string" ? content : new TextDecoder().decode(content));
  }

  /**
   * Replaces the file by what was written.
   *
   * @throws GatewayError `bad_input` if it cannot be written
   */
  replace(): Promise<void> {
    return writeTextfile(this.#path, this.#parts);
  }
}

const formatOfExtension: Readonly<Record<string, ScrapeFormat>> = {
  prom: "prometheus",
  json: "json",
};

/** The format of a file without `--format`. */
export function formatOfFile(path: string): ScrapeFormat {
  return formatOfExtension[path.slice(path.lastIndexOf(".") + 1)] ?? "ndjson";
}

/** The warning about a file of metrics that node_exporter does not read. */
export function fileWarnings(path: string, format: ScrapeFormat, io: Io): string[] {
  if (format !== "prometheus" || isTextfileName(path)) return [];
  return [warningLine(`warning: ${path}: ${badTextfileName}`, io)];
}
