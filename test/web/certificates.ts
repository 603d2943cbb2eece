import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { makeFolder } from "../harness/server-process.js";

/** A folder with certificates of an authority, made by openssl. */
export interface Certificates {
  readonly folder: string;
  /** Makes `NAME.crt` and `NAME.key`, signed by the authority. */
  issue(name: string, alternativeNames: string): void;
}

/** Makes an authority, `ca.crt`, and the server's `server.crt` for localhost. */
export function makeCertificates(): Certificates {
  const folder = makeFolder();
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const key = (name: string) => [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    `${name}.key`,
  ];
  openssl("req", "-x509", ...key("ca"), "-out", "ca.crt", "-subj", "/CN=authority", "-days", "2");
  const issue = (name: string, alternativeNames: string) => {
    openssl(
      "req",
      "-x509",
      ...key(name),
      "-out",
      `${name}.crt`,
      "-subj",
      `/CN=${name}`,
      "-days",
      "2",
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-addext",
      `subjectAltName=${alternativeNames}`,
      "-addext",
      "basicConstraints=critical,CA:FALSE",
    );
  };
  issue("server", "DNS:localhost,IP:127.0.0.1");
  return { folder, issue };
}

/** The path of a file in the folder. */
export function fileOf({ folder }: Certificates, name: string): string {
  return join(folder, name);
}
