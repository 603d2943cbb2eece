/* What all clients need of the system. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <sys/un.h>
#include <time.h>

/* Ends the process with what errno says. */
void fail(const char *what);

/* The address of a unix socket. Ends the process when the path is too long. */
struct sockaddr_un address_of(const char *path);

double seconds(clockid_t clock);

#endif
