/**
 * Calls a user's listener: for errors, for traced bytes, or for a log. An exception of the listener, or
 * the rejection of its promise, is shown on the console, and the work goes on.
 */
export function notify<Values extends readonly unknown[]>(
  listener: ((...values: Values) => unknown) | undefined,
  ...values: Values
): void {
  try {
    const returned = listener?.(...values);
    if (returned instanceof Promise) returned.catch(show);
  } catch (thrown) {
    show(thrown);
  }
}

function show(thrown: unknown): void {
  console.error(thrown);
}
