/**
 * `#wasm`, which the build makes (scripts/build.mjs): the compiled module, from bytes in the file or,
 * on workerd, from the .wasm itself. Compiled at the first call, so that importing costs nothing.
 *
 * @throws where WebAssembly is missing or forbidden
 */
export declare function compile(): WebAssembly.Module;
