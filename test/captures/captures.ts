import { fixtures } from "../fixtures.js";

/** The files of test/fixtures by what they are, so that each decoder is given all that are for it. */

const connections = fixtures("wire", ".c2s.bin");
const answers = fixtures("wire", ".s2c.bin");
const isOf = (backend: string) => (name: string) => name.includes(`-${backend}--`);
const isFastCgi = (name: string) => !isOf("scgi")(name) && !isOf("uwsgi")(name);

/** FastCGI connections that a front end made. */
export const fastCgiFrontEnds = connections.filter(isFastCgi);
/** FastCGI connections made by hand, most of them odd. */
export const fastCgiProbes = fixtures("probes", ".c2s.bin");
export const fastCgiConnections = [...fastCgiFrontEnds, ...fastCgiProbes];
export const fastCgiAnswers = [
  ...fixtures("fpm-status", ".fcgi.bin"),
  ...answers.filter(isFastCgi),
];

export const scgiConnections = connections.filter(isOf("scgi"));
export const scgiAnswers = answers.filter(isOf("scgi"));
export const uwsgiConnections = connections.filter(isOf("uwsgi"));
export const uwsgiAnswers = answers.filter(isOf("uwsgi"));

/** Status pages of PHP-FPM: those of the first four forms are read, HTML is for people. */
export const poolTextPages = [
  ...fixtures("fpm-status", ".body.txt"),
  ...fixtures("fpm-cases", ".txt"),
];
export const poolPages = [
  ...poolTextPages,
  ...fixtures("fpm-status", ".body.json"),
  ...fixtures("fpm-status", ".body.xml"),
  ...fixtures("fpm-status", ".body.om"),
];
export const poolHtmlPages = fixtures("fpm-status", ".body.html");

/** httpd's pages for programs (`?auto`), and its pages for people. */
export const apacheTextPages = [
  ...fixtures("apache-status", ".txt"),
  ...fixtures("apache-exporter", ".auto.txt"),
];
export const apacheHtmlPages = fixtures("apache-status", ".html");

/** lighttpd's status pages, which look much like httpd's. */
export const lighttpdPages = [
  ...fixtures("lighttpd-status", ".txt"),
  ...fixtures("lighttpd-status", ".html"),
];

/** What apache_exporter makes of a page. */
export const apacheMetrics = fixtures("apache-exporter", ".metrics.txt");

/** The flags of the two exporters, and the metrics of php-fpm_exporter. */
export const peerTexts = [
  ...fixtures("exporter", ".flags.txt"),
  ...fixtures("php-fpm-exporter", ".metrics.txt"),
];

/** `/proc/PID/cmdline` of daemons of mod_wsgi, as hex. */
export const commandLines = fixtures("proc", ".hex");

/** What tcpdump wrote. */
export const packets = fixtures("pcap", ".pcap");
