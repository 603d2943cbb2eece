import { version } from "#version";

/** The version in package.json, which the build writes into a module. */
export function packageVersion(): string {
  return version;
}
