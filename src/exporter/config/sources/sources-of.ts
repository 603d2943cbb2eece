import { resolve } from "node:path";
import type { ExporterConfiguration } from "../schema.js";
import { fileSource } from "./file-source.js";
import { httpSource } from "./http-source.js";
import type { TargetSource } from "./target-source.js";

/**
 * The sources of targets that a configuration names.
 *
 * @param folder the folder of the configuration file, to which globs are relative
 * @param keep returns the source that an earlier configuration had for the same definition, or makes
 * it. Default: makes it
 */
export function sourcesOf(
  { files, http }: ExporterConfiguration["discover"],
  folder: string,
  keep: (definition: unknown, make: () => TargetSource) => TargetSource = (_, make) => make(),
): TargetSource[] {
  return [
    ...files.map((file) => {
      const glob = resolve(folder, file);
      return keep(glob, () => fileSource(glob));
    }),
    ...http.map((server) => keep(server, () => httpSource(server))),
  ];
}
