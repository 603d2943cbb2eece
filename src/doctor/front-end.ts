/** A web server that passes requests to pools. */
export interface FrontEnd {
  readonly name: "nginx" | "httpd";
  /** Its processes that connect to pools. */
  readonly workers: readonly number[];
  /** The addresses that it passes requests to, and the files and lines that name them. */
  readonly backends: readonly { readonly address: string; readonly source: string }[];
  readonly errorLogs: readonly string[];
}
