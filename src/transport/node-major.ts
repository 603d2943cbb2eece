/** The first number of Node's version; NaN where there is no Node. */
export const nodeMajor = Number(process.versions.node?.split(".")[0]);
