import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { nginxDirectives, readNginxConfiguration } from "../../src/doctor/nginx-configuration.js";
import { makeFolder } from "../harness/server-process.js";

it("the directives of nginx are read however their lines are broken", () => {
  const text = [
    `# fastcgi_pass unix:/no.sock;`,
    `map "$a; b" $c { default 'x{'; } location /a { fastcgi_pass`,
    `  unix:/run/a.sock; set $x \${y}z; }`,
    `log_format j '{"a":'`,
    `  '"b"}'; root /srv#1; # the end {`,
  ].join("\n");
  const found = Array.from(nginxDirectives(text), (each) => Object.values(each).join(" "));
  expect(found).toEqual([
    "map $a; b 2 {",
    "default x{ 2 ;",
    "  2 }",
    "location /a 2 {",
    "fastcgi_pass unix:/run/a.sock 2 ;",
    "set $x 3 ;",
    "  3 }",
    "log_format j 4 ;",
    "root /srv#1 5 ;",
  ]);
});

it("the backends of nginx are those of fastcgi_pass and of upstreams, in all included files", () => {
  const folder = makeFolder();
  const main = join(folder, "nginx.conf");
  writeFileSync(
    main,
    `error_log /var/log/e.log; http { upstream php {
      server unix:/run/a.sock weight=2; include ups/*.conf; }
      server { listen 80; server_name server.example; location / { fastcgi_pass php; } } }`,
  );
  writeFileSync(join(folder, "more.conf"), "server 127.0.0.1:9000; include more.conf;");
  const missing: Parameters<typeof readNginxConfiguration>[1] = [];
  const text = `upstream php { server unix:/run/b.sock; include more.conf; } include nginx.conf;`;
  writeFileSync(join(folder, "other.conf"), text);
  const { backends, errorLogs } = readNginxConfiguration(join(folder, "other.conf"), missing);
  expect(errorLogs).toEqual(["/var/log/e.log"]);
  expect(new Set(backends.map(({ address }) => address))).toEqual(
    new Set(["unix:/run/b.sock", "127.0.0.1:9000", "unix:/run/a.sock", "php"]),
  );
  expect(backends.at(-2)?.source).toBe(`${main}:2`);
  expect(missing).toEqual([]);
});
