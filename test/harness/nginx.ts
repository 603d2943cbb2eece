import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accepts, freePort } from "./ports.js";
import { makeFolder, ServerProcess } from "./server-process.js";
import { requireServer } from "./servers.js";

export interface Nginx {
  /** `http://127.0.0.1:1234` */
  readonly url: string;
  /** What it wrote to its error log. */
  errorLog(): string;
  /** Ends it, waits until it is gone, and removes its folder. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const TEMPORARY = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"];

/** The variables that Debian's fastcgi_params sends, listed here so that the tests need no file. */
export const nginxParameters = `
fastcgi_param QUERY_STRING $query_string;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param CONTENT_TYPE $content_type;
fastcgi_param CONTENT_LENGTH $content_length;
fastcgi_param SCRIPT_NAME $fastcgi_script_name;
fastcgi_param REQUEST_URI $request_uri;
fastcgi_param DOCUMENT_URI $document_uri;
fastcgi_param SERVER_PROTOCOL $server_protocol;
fastcgi_param REQUEST_SCHEME $scheme;
fastcgi_param GATEWAY_INTERFACE CGI/1.1;
fastcgi_param SERVER_SOFTWARE nginx/$nginx_version;
fastcgi_param REMOTE_ADDR $remote_addr;
fastcgi_param REMOTE_PORT $remote_port;
fastcgi_param SERVER_ADDR $server_addr;
fastcgi_param SERVER_PORT $server_port;
fastcgi_param SERVER_NAME $server_name;
fastcgi_param REDIRECT_STATUS 200;
`;

function configuration(
  folder: string,
  port: number,
  upstream: string,
  { location, server, user: name }: { location: string; server: string; user: string },
): string {
  const user = process.getuid?.() === 0 ? `user ${name};` : "";
  const temporary = TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n");
  return `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log info;
events { worker_connections 512; }
http {
  access_log off;
  ${temporary}
  client_max_body_size 100m;
  ${nginxParameters}
  upstream application { server ${upstream}; keepalive 8; }
  server {
    listen 127.0.0.1:${port};
    ${server}
    location / { fastcgi_pass application; ${location} }
  }
}
`;
}

/**
 * Starts an nginx of our own that passes all requests to a FastCGI server.
 *
 * @param upstream as nginx writes it: `unix:/…/x.sock` or `127.0.0.1:9000`
 * @param location more directives, such as `fastcgi_keep_conn on;`
 * @param server more directives of the server, such as `server_name _;`
 * @param user who its workers run as, if root runs the tests
 */
export async function startNginx(
  upstream: string,
  location = "",
  server = "",
  user = "root",
): Promise<Nginx> {
  const program = requireServer("nginx");
  const folder = makeFolder();
  const port = await freePort();
  for (const name of TEMPORARY) mkdirSync(join(folder, name));
  const path = join(folder, "nginx.conf");
  const log = join(folder, "error.log");
  writeFileSync(log, "");
  writeFileSync(path, configuration(folder, port, upstream, { location, server, user }));
  const running = new ServerProcess(program, ["-c", path, "-e", log, "-p", folder], folder);
  const errorLog = () => readFileSync(log, "utf8");
  await running.ready(() => accepts({ port, host: "127.0.0.1" }), errorLog);
  const stop = () => running.stop();
  return { url: `http://127.0.0.1:${port}`, errorLog, stop, [Symbol.asyncDispose]: stop };
}
