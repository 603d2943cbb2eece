import { readFileSync, statSync } from "node:fs";
import { problemOf } from "./configuration-files.js";

interface Place {
  /** The main file of the configuration. */
  readonly file: string;
  /** The program of httpd that reads this file by default. */
  readonly program: string;
}

/** Where packages keep httpd's configuration. The first that exists counts. */
const places: readonly Place[] = [
  // Debian, Ubuntu
  { file: "/etc/apache2/apache2.conf", program: "/usr/sbin/apache2" },
  // Fedora, RHEL and its kin, Arch Linux
  { file: "/etc/httpd/conf/httpd.conf", program: "/usr/sbin/httpd" },
  // cPanel, with EasyApache 4 and before
  { file: "/etc/apache2/conf/httpd.conf", program: "/usr/sbin/httpd" },
  { file: "/usr/local/apache/conf/httpd.conf", program: "/usr/local/apache/bin/httpd" },
  // httpd's own image, and its sources
  { file: "/usr/local/apache2/conf/httpd.conf", program: "/usr/local/apache2/bin/httpd" },
  // Bitnami
  { file: "/opt/bitnami/apache/conf/httpd.conf", program: "/opt/bitnami/apache/bin/httpd" },
  { file: "/opt/bitnami/apache2/conf/httpd.conf", program: "/opt/bitnami/apache2/bin/httpd" },
  // XAMPP, on Linux and macOS
  { file: "/opt/lampp/etc/httpd.conf", program: "/opt/lampp/bin/httpd" },
  {
    file: "/Applications/XAMPP/xamppfiles/etc/httpd.conf",
    program: "/Applications/XAMPP/xamppfiles/bin/httpd",
  },
  // Homebrew, on Apple silicon, Intel and Linux
  { file: "/opt/homebrew/etc/httpd/httpd.conf", program: "/opt/homebrew/opt/httpd/bin/httpd" },
  { file: "/usr/local/etc/httpd/httpd.conf", program: "/usr/local/opt/httpd/bin/httpd" },
  {
    file: "/home/linuxbrew/.linuxbrew/etc/httpd/httpd.conf",
    program: "/home/linuxbrew/.linuxbrew/opt/httpd/bin/httpd",
  },
  // Slackware, NixOS
  { file: "/etc/httpd/httpd.conf", program: "/usr/sbin/httpd" },
  // FreeBSD
  { file: "/usr/local/etc/apache24/httpd.conf", program: "/usr/local/sbin/httpd" },
  // openSUSE, Alpine, macOS; Gentoo calls the program apache2
  { file: "/etc/apache2/httpd.conf", program: "/usr/sbin/httpd" },
  { file: "/etc/apache2/httpd.conf", program: "/usr/sbin/apache2" },
  { file: "/etc/apache2/ports.conf", program: "/usr/sbin/apache2" },
];

export interface FoundConfiguration {
  readonly file: string;
  /** Places before it that could not be checked, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Finds the first place that has a configuration. If none has, it is the first that this user may
 * not read, or else the first of all.
 *
 * @param files where to look; where the distributions keep it by default
 */
export function findConfiguration(
  files: readonly string[] = places.map(({ file }) => file),
): FoundConfiguration {
  const closed = new Map<string, string>();
  for (const file of new Set(files)) {
    try {
      statSync(file);
      const warnings = [...closed].map(([place, text]) => `${place} was not looked at: it ${text}`);
      return { file, warnings };
    } catch (error) {
      const { isMissing, problem } = problemOf(file, error);
      if (!isMissing) closed.set(file, problem);
    }
  }
  const [firstClosed] = closed.keys();
  return { file: firstClosed ?? files[0]!, warnings: [] };
}

/** The programs that may read a configuration, where no option names another one. */
export function programsOf(file: string): string[] {
  return places.filter((place) => place.file === file).map(({ program }) => program);
}

/** The configurations that a program may read, where no option names another one. */
export function configurationsOf(program: string): string[] {
  return places.filter((place) => place.program === program).map(({ file }) => file);
}

/** A program of httpd's is read up to this size, in bytes. */
const LARGEST = 67_108_864;

/**
 * The version of the httpd in a file, such as `2.4.66`, from the text that `httpd -v` prints. The
 * file is read and not run: this process may be root's, and the file anyone's.
 */
export function versionOfProgram(path: string): string | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > LARGEST) return undefined;
    const text = readFileSync(path, "latin1");
    return /Apache\/(\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[a-z]{1,10})?)(?![\w.])/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}
