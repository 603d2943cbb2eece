/** The sizes of bundles, in bytes. */
export declare function bundleSizes(): Promise<{ name: string; size: number; limit: number }[]>;
