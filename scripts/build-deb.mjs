// Builds build/fcgi-probe_VERSION_ARCH.deb from build/fcgi-probe with dpkg-deb. The package holds the
// executable, so it needs no nodejs; man pages and completions are made by the executable's sources.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...path) => join(root, ...path);
const tree = at("build", "deb");
const { version, description, homepage } = JSON.parse(readFileSync(at("package.json"), "utf8"));

function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return stdout;
  process.stderr.write(`${command} failed\n${error?.message ?? stdout + stderr}`);
  process.exit(1);
}

/** Writes a file below the tree. Everyone may read it. */
function put(path, content, mode = 0o644) {
  const file = join(tree, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

/** The licenses of what the executable holds. */
function copyright() {
  const { packages } = JSON.parse(readFileSync(at("package-lock.json"), "utf8"));
  // The executable holds the optional packages of OpenTelemetry, too.
  const telemetry = Object.keys(packages).filter((path) => path.includes("@opentelemetry"));
  const texts = ["", ...telemetry].flatMap((path) => {
    const name =
      existsSync(at(path)) && readdirSync(at(path)).find((file) => /^licen[cs]e/i.test(file));
    if (!name) return [];
    return [`${path || "fcgi-probe"}\n\n${readFileSync(at(path, name), "utf8").trim()}\n`];
  });
  const libraries = readFileSync(at("lib", "LICENSES.txt"), "utf8");
  const node = "Node.js: https://github.com/nodejs/node/blob/main/LICENSE\n";
  return [...texts, libraries, node].join(`\n${"-".repeat(72)}\n\n`);
}

rmSync(tree, { recursive: true, force: true });
mkdirSync(join(tree, "usr/bin"), { recursive: true });
copyFileSync(at("build", "fcgi-probe"), join(tree, "usr/bin/fcgi-probe"));
chmodSync(join(tree, "usr/bin/fcgi-probe"), 0o755);
symlinkSync("fcgi-probe", join(tree, "usr/bin/apache-manager"));
for (const unit of readdirSync(at("packaging/systemd"))) {
  put(`lib/systemd/system/${unit}`, readFileSync(at("packaging/systemd", unit)));
}
for (const page of readdirSync(at("man"))) {
  put(`usr/share/man/man1/${page}.gz`, gzipSync(readFileSync(at("man", page)), { level: 9 }));
}
for (const [shell, path] of [
  ["bash", "bash-completion/completions/fcgi-probe"],
  ["zsh", "zsh/vendor-completions/_fcgi-probe"],
  ["fish", "fish/vendor_completions.d/fcgi-probe.fish"],
]) {
  put(`usr/share/${path}`, run(at("build", "fcgi-probe"), "completion", shell));
}
for (const folder of ["grafana", "prometheus"]) {
  const target = join(tree, "usr/share/fcgi-probe", folder);
  cpSync(at("packaging", folder), target, { recursive: true });
}
put("usr/share/fcgi-probe/opcache.php", readFileSync(at("php/opcache.php")));
put("usr/share/doc/fcgi-probe/copyright", copyright());
put(
  "usr/share/doc/fcgi-probe/changelog.gz",
  gzipSync(readFileSync(at("CHANGELOG.md")), { level: 9 }),
);

const architecture = run("dpkg", "--print-architecture").trim();
const size = Math.ceil(statSync(at("build", "fcgi-probe")).size / 1_024);
put(
  "DEBIAN/control",
  `Package: fcgi-probe
Version: ${version}
Architecture: ${architecture}
Maintainer: fcgi-probe <${homepage.replace("#readme", "/issues")}>
Installed-Size: ${size}
Depends: libc6 (>= 2.28), libstdc++6
Suggests: systemd
Section: net
Priority: optional
Homepage: ${homepage}
Description: status, metrics and checks of PHP-FPM pools and Apache httpd
 ${description}.
 .
 The package holds Node. It installs the units fcgi-probe-exporter and
 fcgi-probe-serve@, and starts none of them.
`,
);
const scripts = { postinst: "configure", postrm: "remove|purge" };
for (const [name, when] of Object.entries(scripts)) {
  put(
    `DEBIAN/${name}`,
    `#!/bin/sh
set -e
case "$1" in
  ${when}) [ ! -d /run/systemd/system ] || systemctl --system daemon-reload ;;
esac
`,
    0o755,
  );
}
const deb = at("build", `fcgi-probe_${version}_${architecture}.deb`);
run("dpkg-deb", "--root-owner-group", "-Zzstd", "-z9", "--build", tree, deb);
rmSync(tree, { recursive: true });
process.stdout.write(`${deb}\n`);
