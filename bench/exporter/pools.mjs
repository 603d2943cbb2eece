/** The pools behind the targets of the exporter's suites, which are symbolic links to them. */
export const pools = Array.from({ length: 8 }, (_, at) => ({
  name: `pool${at}`,
  pm: "static",
  maxChildren: 5,
  listen: "unix",
  backlog: 1_024,
}));
