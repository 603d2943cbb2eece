/** How long a peer's last bytes are read and dropped, so that it is not reset before it has read. */
export const LINGER = 2_000;

/** Between a response's last bytes and a reset: to programs of libuv, both at once are a plain end. */
export const RESET_DELAY = 50;
