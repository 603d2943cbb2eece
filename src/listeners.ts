/**
 * Calls what a user has given to be told of errors or of bytes, or for a log. What that throws itself,
 * at once or later, is shown on the console: it must not end the work that it is told of.
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
