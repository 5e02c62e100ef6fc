/* A device, small enough to read at once, with libwebsockets and cJSON (Debian: libwebsockets-dev, libcjson-dev):
 *
 *   cc -o device examples/device.c -lwebsockets -lcjson && ./device ID TOKEN [URL] < fixes
 *
 * Each line of the input is one fix in JSON: {"at":"2026-11-23T10:00:00Z","lon":24.94,"lat":60.17}. What was read is
 * kept until the server has acknowledged it, so nothing is lost while the server, or the network, is away, and nothing
 * is stored twice. It ends with the input, when all is stored. */

#define _GNU_SOURCE
#include <cjson/cJSON.h>
#include <libwebsockets.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* KEPT: fixes in a lane, a day's. BATCH: fixes in a frame. LONGEST_WAIT: ms. PATIENCE: seconds without an answer that is
 * awaited, after which a connection is taken for dead. */
enum { KEPT = 86400, BATCH = 100, MOST_FRAMES = 64, LONGEST = 65536, LONGEST_WAIT = 30000, PATIENCE = 30 };

struct lane { char *fixes[KEPT]; long first, past; }; /* a ring of fixes that are not yet sent, oldest first */
struct frame { long seq; char *text; int again; };    /* again: only an earlier connection has sent it */

static struct lane live, backlog; /* measured during this connection, and before it */
static struct frame frames[MOST_FRAMES]; /* what was sent and is not answered, oldest first; at most the window */
static int framed, heard, ended;
static unsigned boot; /* names this life of the counter below; after a restart it is another */
static long seq, window, max_fixes, max_bytes; /* as the welcome said; window 0: not welcomed */
static long after; /* ms that the server asks to wait at least */
static time_t quiet; /* when something was heard last, or no answer was awaited */
static char *replies[8], incoming[LONGEST], why[128];
static int replying, code, failures;
static size_t received;
static struct lws_client_connect_info server;
static struct lws *line; /* NULL: not connected */
static lws_sorted_usec_list_t retry, tick;

static char *take(struct lane *lane) {
    return lane->fixes[lane->first++ % KEPT];
}

static void put(struct lane *lane, char *fix) {
    if (lane->past - lane->first == KEPT) free(take(lane)); /* more than a day's drop the oldest */
    lane->fixes[lane->past++ % KEPT] = fix;
}

static int is_done(void) {
    return ended && live.first == live.past && backlog.first == backlog.past && framed == 0;
}

static void say(char *text) {
    if (line && replying < 8) replies[replying++] = text, lws_callback_on_writable(line);
    else free(text);
}

/* Of the oldest fixes of one lane, as many as the server takes in one frame; NULL where there are none. */
static struct frame *make_frame(void) {
    struct lane *lane = live.first < live.past ? &live : &backlog;
    if (lane->first == lane->past) return NULL;
    struct frame *frame = &frames[framed++];
    *frame = (struct frame){.seq = ++seq, .text = malloc(max_bytes + LONGEST)};
    const char *mark = lane == &live ? "live" : "backlog";
    long size = sprintf(frame->text, "{\"type\":\"fixes\",\"seq\":%ld,\"lane\":\"%s\",\"fixes\":[", seq, mark);
    for (int count = 0; count < BATCH && count < max_fixes && lane->first < lane->past; count++) {
        if (count && size + (long)strlen(lane->fixes[lane->first % KEPT]) + 3 > max_bytes) break;
        char *fix = take(lane);
        size += sprintf(frame->text + size, "%s%s", count ? "," : "", fix);
        free(fix);
    }
    strcpy(frame->text + size, "]}");
    return frame;
}

static void drop_frame(int index) {
    free(frames[index].text);
    memmove(&frames[index], &frames[index + 1], (--framed - index) * sizeof *frames);
}

/* One message, and never more than the window unanswered: first what goes again, then what is new, then what is old. */
static int send_one(void) {
    char *text = NULL;
    if (replying) {
        text = replies[0];
        memmove(replies, replies + 1, --replying * sizeof *replies);
    } else if (window) {
        struct frame *frame = NULL;
        for (int i = 0; i < framed && !frame; i++) if (frames[i].again) frame = &frames[i];
        if (!frame && framed < window) frame = make_frame();
        if (frame) frame->again = 0, text = strdup(frame->text);
    }
    if (!text) return 0;
    size_t size = strlen(text);
    unsigned char *out = malloc(LWS_PRE + size); /* libwebsockets writes its head before the text */
    memcpy(out + LWS_PRE, text, size);
    int written = lws_write(line, out + LWS_PRE, size, LWS_WRITE_TEXT);
    free(out), free(text);
    lws_callback_on_writable(line);
    return written < (int)size ? -1 : 0;
}

static long number(const cJSON *message, const char *name) {
    const cJSON *found = cJSON_GetObjectItem(message, name);
    return cJSON_IsNumber(found) ? (long)found->valuedouble : 0;
}

static const char *string(const cJSON *message, const char *name) {
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItem(message, name));
    return found ? found : "";
}

/* What the server has already is dropped; all else goes again, for nobody knows what became of it. */
static void resume(const cJSON *welcome) {
    while (framed && frames[0].seq <= number(welcome, "acked")) drop_frame(0);
    for (int i = 0; i < framed; i++) frames[i].again = 1;
    while (live.first < live.past) put(&backlog, take(&live));
    window = number(welcome, "window") < MOST_FRAMES ? number(welcome, "window") : MOST_FRAMES;
    max_fixes = number(welcome, "max_fixes");
    max_bytes = number(welcome, "max_bytes");
}

static void hear(const cJSON *message) {
    const char *type = string(message, "type");
    char *reply;
    quiet = time(NULL);
    if (!strcmp(type, "welcome")) resume(message);
    if (!strcmp(type, "going_away")) after = number(message, "after_ms");
    if (!strcmp(type, "error")) fprintf(stderr, "error: %s %s\n", string(message, "code"), string(message, "message"));
    if (!strcmp(type, "command")) { /* answered even if not obeyed, else it comes again */
        if (asprintf(&reply, "{\"type\":\"result\",\"id\":\"%s\",\"ok\":false}", string(message, "id")) > 0) say(reply);
    }
    for (int i = 0; i < framed; i++) /* an ack: it is stored. An error: it never will be */
        if (frames[i].seq == number(message, "seq")) { drop_frame(i); heard = 1; break; }
    lws_callback_on_writable(line);
}

static void join(lws_sorted_usec_list_t *unused) {
    code = 1006, heard = 0, after = 0, received = 0, window = 0;
    strcpy(why, "no connection");
    quiet = time(NULL);
    line = lws_client_connect_via_info(&server);
}

static void closed(void) {
    line = NULL, window = 0;
    while (replying) free(replies[--replying]);
    if (is_done()) return;
    fprintf(stderr, "closed: %d %s\n", code, why);
    if (code >= 4500 && code <= 4999) { /* these say: do not come back */
        fprintf(stderr, "the server refuses %s: %d %s\n", (char *)server.opaque_user_data, code, why);
        exit(1);
    }
    failures = heard ? 0 : failures < 6 ? failures + 1 : 6;
    long wait = 1000L << failures < LONGEST_WAIT ? 1000L << failures : LONGEST_WAIT;
    wait = after + wait / 2 + random() % (wait / 2);
    lws_sul_schedule(server.context, 0, &retry, join, wait * LWS_US_PER_MS);
}

static char *hello; /* with the token, which could stand in the header Authorization, too */

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size) {
    if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED) {
        line = wsi;
        say(strdup(hello));
    } else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE) {
        return send_one();
    } else if (reason == LWS_CALLBACK_CLIENT_RECEIVE) { /* a message may come in pieces */
        if (received + size > sizeof incoming) return -1;
        memcpy(incoming + received, in, size);
        received += size;
        if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi)) return 0;
        cJSON *message = cJSON_ParseWithLength(incoming, received);
        received = 0;
        if (message) hear(message);
        cJSON_Delete(message);
    } else if (reason == LWS_CALLBACK_WS_PEER_INITIATED_CLOSE && size >= 2) {
        code = ((unsigned char *)in)[0] << 8 | ((unsigned char *)in)[1];
        snprintf(why, sizeof why, "%.*s", (int)size - 2, (char *)in + 2);
    } else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR) {
        if (in) snprintf(why, sizeof why, "%.*s", (int)size, (char *)in);
        closed();
    } else if (reason == LWS_CALLBACK_CLIENT_CLOSED) {
        closed();
    }
    return 0;
}

/* Twenty times a second: reads what there is to read, and gives up a connection that is dead. */
static void look(lws_sorted_usec_list_t *unused) {
    static char text[LONGEST];
    static size_t used;
    struct pollfd input = {.fd = 0, .events = POLLIN};
    while (!ended && poll(&input, 1, 0) > 0) {
        ssize_t size = read(0, text + used, sizeof text - 1 - used);
        if (size <= 0) ended = 1; /* the end, or a line that is too long for anybody */
        used += size > 0 ? size : 0;
        char *start = text, *end;
        for (; (end = memchr(start, '\n', text + used - start)); start = end + 1)
            if (end > start) put(&live, strndup(start, end - start));
        used -= start - text;
        memmove(text, start, used);
    }
    if (!framed && window) quiet = time(NULL);
    if (line && time(NULL) - quiet > PATIENCE) lws_set_timeout(line, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    else if (line && window) lws_callback_on_writable(line);
    lws_sul_schedule(server.context, 0, &tick, look, 50 * LWS_US_PER_MS);
}

int main(int count, char **words) {
    static char url[256];
    const char *scheme, *path;
    if (count < 3) return fprintf(stderr, "device ID TOKEN [URL] < fixes\n"), 2;
    if (getrandom(&boot, sizeof boot, 0) < 0) return 2;
    srandom(boot);
    char *form = "{\"type\":\"hello\",\"device\":\"%s\",\"token\":\"%s\",\"boot\":\"%08x\",\"version\":1}";
    if (asprintf(&hello, form, words[1], words[2], boot) < 0) return 2;
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_protocols protocols[] = {{"device", on_event, 0, 4096, 0, NULL, 0}, {0}};
    struct lws_context_creation_info made = {.port = CONTEXT_PORT_NO_LISTEN, .protocols = protocols};
    made.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    server.context = lws_create_context(&made);
    snprintf(url, sizeof url, "%s", count > 3 ? words[3] : "ws://127.0.0.1:8000/ws/device");
    if (lws_parse_uri(url, &scheme, &server.address, &server.port, &path)) return 2;
    static char absolute[256]; /* lws_parse_uri takes the first stroke away */
    snprintf(absolute, sizeof absolute, "/%s", path);
    server.path = absolute, server.host = server.origin = server.address;
    server.ssl_connection = strcmp(scheme, "wss") ? 0 : LCCSCF_USE_SSL;
    server.local_protocol_name = "device";
    server.opaque_user_data = words[1];
    join(NULL);
    look(NULL);
    while (!is_done() && lws_service(server.context, 0) >= 0) continue;
    lws_context_destroy(server.context);
    return 0;
}
