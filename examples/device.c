/* A device, small enough to read at once, with libwebsockets (Debian: libwebsockets-dev):
 *
 *   cc -o device examples/device.c -lwebsockets && ./device ID TOKEN HOST PORT < fixes
 *
 * Each line of the input is one fix in JSON: {"at":"2026-11-23T10:00:00Z","lon":24.94,"lat":60.17}. What was read is kept
 * until the server has acknowledged it, so nothing is lost while the server, or the network, is away, and nothing is
 * stored twice. It ends with the input, when all is stored. */

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
