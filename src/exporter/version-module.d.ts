/** `#version`, which the build makes (scripts/build.mjs): the version in package.json. */
export declare const version: string;
