import { resolve } from "node:path";
import type { ExporterConfiguration } from "../schema.js";
import { type DiscoverySourceOptions, discoverySource } from "./discovery-source.js";
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
  { files, http, ...machine }: ExporterConfiguration["discover"],
  folder: string,
  keep: (definition: unknown, make: () => TargetSource) => TargetSource = (_, make) => make(),
): TargetSource[] {
  const { php_fpm: phpFpm, apache, sockets: globs, dns: names, interval } = machine;
  const sockets = globs.map((glob) => resolve(folder, glob));
  const options: DiscoverySourceOptions = { phpFpm, apache, sockets, names, interval };
  const looks = phpFpm || apache || sockets.length > 0 || names.length > 0;
  return [
    ...files.map((file) => {
      const glob = resolve(folder, file);
      return keep(glob, () => fileSource(glob));
    }),
    ...http.map((server) => keep(server, () => httpSource(server))),
    ...(looks ? [keep(options, () => discoverySource(options))] : []),
  ];
}
