/* What all clients need from the system. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <sys/un.h>
#include <time.h>

/* Exits with the message for errno. */
void fail(const char *what);

/* The address of a unix socket. Exits if the path is too long. */
struct sockaddr_un address_of(const char *path);

double seconds(clockid_t clock);

#endif
