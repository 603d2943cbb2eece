/**
 * What to do where a unix socket listens though its file was removed. The kernel still has the socket,
 * and a reload of php-fpm hands it on to the new master, which makes no file.
 */
export const removedSocketHint =
  "restart php-fpm, since a reload keeps the old socket; and find what removed the file";
