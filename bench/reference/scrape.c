/*
 * The limit of the scrape suite: what a client costs that does nothing but scrape.
 *
 * Asks a PHP-FPM pool on a unix socket for its status page, over and over, on N connections at a
 * time: one precomputed request a connection, read to END_REQUEST, closed at once, the page's
 * numbers read. Prints one JSON object.
 *
 *   scrape SOCKET IN_FLIGHT SECONDS
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
  VERSION = 1,
  BEGIN_REQUEST = 1,
  END_REQUEST = 3,
  PARAMS = 4,
  STDIN = 5,
  STDOUT = 6,
  HEADER = 8,
  ANSWER = 65536,
  PAGE_NUMBERS = 11, /* start since to slow requests */
  MOST_IN_FLIGHT = 1024,
};

struct connection {
  int fd;
  size_t length;
  unsigned char bytes[ANSWER];
};

static unsigned char request[1024];
static size_t request_length;
static struct sockaddr_un address;
static int poller;
static unsigned long answers, failures;
static volatile uint64_t sink;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double seconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A record is begun here and its length filled in by end_record. */
static size_t begin_record(int type) {
  size_t at = request_length;
  const unsigned char header[HEADER] = {VERSION, (unsigned char)type, 0, 1};
  memcpy(request + at, header, HEADER);
  request_length += HEADER;
  return at;
}

static void end_record(size_t at) {
  size_t length = request_length - at - HEADER;
  size_t padding = (8 - (length & 7)) & 7;
  request[at + 4] = (unsigned char)(length >> 8);
  request[at + 5] = (unsigned char)length;
  request[at + 6] = (unsigned char)padding;
  request_length += padding;
}

/* Names and values of fewer than 128 bytes. */
static void add_pair(const char *name, const char *value) {
  size_t name_length = strlen(name), value_length = strlen(value);
  request[request_length++] = (unsigned char)name_length;
  request[request_length++] = (unsigned char)value_length;
  memcpy(request + request_length, name, name_length);
  memcpy(request + request_length + name_length, value, value_length);
  request_length += name_length + value_length;
}

static void make_request(void) {
  size_t at = begin_record(BEGIN_REQUEST);
  request[request_length + 1] = 1; /* responder; the connection is not kept */
  request_length += 8;
  end_record(at);
  at = begin_record(PARAMS);
  add_pair("SCRIPT_NAME", "/status");
  add_pair("SCRIPT_FILENAME", "/status");
  add_pair("QUERY_STRING", "");
  add_pair("REQUEST_METHOD", "GET");
  end_record(at);
  end_record(begin_record(PARAMS));
  end_record(begin_record(STDIN));
}

static void open_connection(struct connection *connection) {
  connection->length = 0;
  for (;;) {
    connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) fail("socket");
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) == 0) break;
    if (errno != EAGAIN) fail("connect");
    close(connection->fd); /* the backlog is full */
    failures++;
  }
  if (write(connection->fd, request, request_length) != (ssize_t)request_length) fail("write");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &event) < 0) fail("epoll_ctl");
}

/* Reads the numbers of a plain text page: how many lines have one. */
static int read_page(const unsigned char *at, const unsigned char *end) {
  int numbers = 0;
  while (at < end) {
    const unsigned char *line_end = memchr(at, '\n', (size_t)(end - at));
    if (line_end == NULL) line_end = end;
    const unsigned char *value = memchr(at, ':', (size_t)(line_end - at));
    if (value != NULL) {
      do value++;
      while (value < line_end && *value == ' ');
      uint64_t number = 0;
      const unsigned char *digit = value;
      while (digit < line_end && *digit >= '0' && *digit <= '9') {
        number = number * 10 + (uint64_t)(*digit++ - '0');
      }
      if (digit > value && digit == line_end) {
        sink += number;
        numbers++;
      }
    }
    at = line_end + 1;
  }
  return numbers;
}

/* Takes apart what has come. 0: not whole yet; 1: a status page; -1: something else. */
static int decode(struct connection *connection) {
  static unsigned char page[ANSWER];
  size_t page_length = 0;
  for (size_t at = 0; at + HEADER <= connection->length;) {
    const unsigned char *header = connection->bytes + at;
    size_t length = (size_t)header[4] << 8 | header[5];
    size_t next = at + HEADER + length + header[6];
    if (header[0] != VERSION) return -1;
    if (next > connection->length) return 0;
    if (header[1] == STDOUT) {
      memcpy(page + page_length, header + HEADER, length);
      page_length += length;
    }
    if (header[1] == END_REQUEST) {
      const unsigned char *body = memmem(page, page_length, "\r\n\r\n", 4);
      if (body == NULL) return -1;
      return read_page(body + 4, page + page_length) >= PAGE_NUMBERS ? 1 : -1;
    }
    at = next;
  }
  return 0;
}

/* Whether the connection is done with. */
static int receive(struct connection *connection) {
  ssize_t count =
      read(connection->fd, connection->bytes + connection->length, ANSWER - connection->length);
  if (count < 0 && errno == EAGAIN) return 0;
  if (count <= 0) {
    failures++;
    return 1;
  }
  connection->length += (size_t)count;
  int result = decode(connection);
  if (result == 0 && connection->length < ANSWER) return 0;
  if (result == 1) answers++;
  else failures++;
  return 1;
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: scrape SOCKET IN_FLIGHT SECONDS\n");
    return 2;
  }
  address.sun_family = AF_UNIX;
  if (strlen(arguments[1]) >= sizeof address.sun_path) {
    fprintf(stderr, "scrape: the path of the socket is too long\n");
    return 2;
  }
  strcpy(address.sun_path, arguments[1]);
  int in_flight = atoi(arguments[2]);
  double duration = atof(arguments[3]);
  if (in_flight < 1 || in_flight > MOST_IN_FLIGHT || duration <= 0) {
    fprintf(stderr, "scrape: IN_FLIGHT is 1 to %d, SECONDS above 0\n", MOST_IN_FLIGHT);
    return 2;
  }
  make_request();
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (poller < 0) fail("epoll_create1");
  struct connection *connections = calloc((size_t)in_flight, sizeof *connections);
  if (connections == NULL) fail("calloc");

  double began = seconds(CLOCK_MONOTONIC), end = began + duration;
  for (int i = 0; i < in_flight; i++) open_connection(&connections[i]);
  int open = in_flight;
  while (open > 0) {
    struct epoll_event events[64];
    int ready = epoll_wait(poller, events, 64, 5000);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    if (ready == 0) {
      fprintf(stderr, "scrape: no answer for 5 seconds\n");
      return 1;
    }
    int is_over = seconds(CLOCK_MONOTONIC) >= end;
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      if (!receive(connection)) continue;
      close(connection->fd);
      if (is_over) open--;
      else open_connection(connection);
    }
  }
  double elapsed = seconds(CLOCK_MONOTONIC) - began;
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  printf("{\"answers\":%lu,\"failures\":%lu,\"seconds\":%.6f,\"cpu\":%.6f}\n", answers, failures,
         elapsed, cpu);
  free(connections);
  return 0;
}
