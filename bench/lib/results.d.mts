/** What is made from RESULTS.md, by path: the charts, and README with its list. */
export declare const filesFrom: (page: string, readme: string) => Map<string, string>;
