/**
 * `#page`, which the build makes (scripts/build.mjs): the files of the page, by their paths, the
 * scripts of `browser/` joined into one.
 */
export declare const pageAssets: Readonly<
  Record<"index.html" | "page.css" | "page.js" | "page.svg", string>
>;
