import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { phpScript } from "../harness/php-fpm.js";

/** A folder as a WordPress site has it; each script answers with its `$_SERVER` as JSON. */
export interface TestSite {
  readonly root: string;
  remove(): void;
}

const scripts = [
  "index.php",
  "wp-login.php",
  "wp-admin/index.php",
  "wp-admin/post.php",
  "wp-content/uploads/evil.php",
  "odd.php/index.php",
  ".git/hook.php",
  "ż ó.php",
];

export function makeSite(): TestSite {
  const folder = mkdtempSync(join(tmpdir(), "site-"));
  const root = join(folder, "public");
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  for (const name of scripts) {
    write(name, "");
    copyFileSync(phpScript("echo.php"), join(root, name));
  }
  write("style.css", "body {}");
  write("pages/index.html", "<h1>pages</h1>");
  write("wp-content/uploads/x.jpg", "<?php echo 'never';");
  write("secret.php.bak", "<?php // secret");
  write(".env", "SECRET=1");
  write(".git/config", "SECRET=2");
  write("empty/.keep", "");
  copyFileSync(phpScript("echo.php"), join(folder, "outside.php"));
  symlinkSync("../outside.php", join(root, "link.php"));
  symlinkSync("wp-content/uploads", join(root, "pictures"));
  symlinkSync("wp-login.php", join(root, "source.txt"));
  symlinkSync(".git", join(root, "repository"));
  return { root, remove: () => rmSync(folder, { recursive: true }) };
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Sends a path as it is: `fetch` would normalise it. */
export function rawGet(
  url: string,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, path, method, headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        text += piece;
      });
      answer.on("end", () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
      });
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}
