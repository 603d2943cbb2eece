/*
 * The limit of the scrape suite: a client that does nothing but scrape.
 *
 * Requests the status page of a PHP-FPM pool on a unix socket again and again, on N connections at
 * a time: one precomputed request per connection, read to END_REQUEST, closed at once, and the
 * page's numbers read. Prints one JSON object.
 *
 *   scrape SOCKET IN_FLIGHT SECONDS
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

enum {
  VERSION = 1,
  BEGIN_REQUEST = 1,
  END_REQUEST = 3,
  PARAMS = 4,
  STDIN = 5,
  STDOUT = 6,
  HEADER = 8,
  PAGE_NUMBERS = 11, /* start since to slow requests */
};

static unsigned char request[1024];
static size_t request_length;
static volatile uint64_t sink;

/* Begins a record. end_record fills in its length. */
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

/* Reads the numbers of a plain text page; returns how many lines have one. */
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

/* Decodes the received bytes. */
static enum verdict decode(const struct connection *connection, int ended) {
  static unsigned char page[ANSWER];
  size_t page_length = 0;
  if (ended) return FAILED;
  for (size_t at = 0; at + HEADER <= connection->length;) {
    const unsigned char *header = connection->bytes + at;
    size_t length = (size_t)header[4] << 8 | header[5];
    size_t next = at + HEADER + length + header[6];
    if (header[0] != VERSION) return FAILED;
    if (next > connection->length) return UNFINISHED;
    if (header[1] == STDOUT) {
      memcpy(page + page_length, header + HEADER, length);
      page_length += length;
    }
    if (header[1] == END_REQUEST) {
      const unsigned char *body = memmem(page, page_length, "\r\n\r\n", 4);
      if (body == NULL) return FAILED;
      return read_page(body + 4, page + page_length) >= PAGE_NUMBERS ? FINISHED : FAILED;
    }
    at = next;
  }
  return UNFINISHED;
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: scrape SOCKET IN_FLIGHT SECONDS\n");
    return 2;
  }
  make_request();
  struct load load = {
      .socket = arguments[1],
      .request = request,
      .request_length = request_length,
      .connections = atoi(arguments[2]),
      .seconds = atof(arguments[3]),
      .examine = decode,
  };
  if (load.connections < 1 || load.seconds <= 0) {
    fprintf(stderr, "scrape: IN_FLIGHT and SECONDS are above 0\n");
    return 2;
  }
  run_load(&load);
  return 0;
}
