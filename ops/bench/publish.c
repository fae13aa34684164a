/* Publishes readings as gateways send them, at QoS 1 over MQTT 3.1.1, as fast as the broker acknowledges or at a rate.
 *
 *   publish PORT USER PASSWORD COUNT [connections=4] [window=500] [rate=0] [batch=1] [points=200] [start=MS]
 *
 * Plain sockets and packets made once: per message only identifier, time and sequence number are written anew, so that
 * the publisher takes as little as it can of the cores that it shares with what is measured. Prints the seconds from
 * the first publish to the last acknowledgement, and CLOCK_MONOTONIC at both.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 64, BUFFER = 256 << 10, MAX_BATCH = 256, MAX_PACKET = 64 << 10 };

struct point {
    uint8_t *packet;
    int size, id_at, sequence_at[MAX_BATCH], time_at[MAX_BATCH];
    long readings;
};

struct connection {
    int socket;
    long sent, acknowledged, share;
    int used, written;
    uint8_t answer[4];
    int answered;
    uint8_t buffer[BUFFER];
};

static long count, connections = 4, window = 500, rate = 0, batch = 1, points = 200, start_ms = 0;
static struct connection links[MAX_CONNECTIONS];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int length_bytes(uint8_t *at, int length) {
    int size = 0;
    do at[size++] = (length & 127) | (length > 127 ? 128 : 0);
    while (length >>= 7);
    return size;
}

/* Times have 13 digits and sequence numbers 8 from the start, so that a packet keeps its size. */
static void digits(uint8_t *at, long number, int width) {
    for (; width > 0; number /= 10) at[--width] = '0' + number % 10;
}

/* One reading; eight measures when alone (about 200 bytes), three in a batch. Below every limit, and never still. */
static int write_reading(char *at, long point, int k, int *time_at, int *sequence_at) {
    unsigned noise = (unsigned)(point * 7919 + k * 104729) % 10000;
    int size = sprintf(at, "{\"ts\":");
    *time_at = size;
    size += sprintf(at + size, "0000000000000,\"seq\":");
    *sequence_at = size;
    size += sprintf(at + size, "00000000,\"velocity_rms_mm_s\":1.%04u,\"acceleration_peak_g\":0.%04u,", noise, noise);
    if (batch == 1)
        size += sprintf(at + size, "\"acceleration_rms_g\":0.%03u1,\"crest_factor\":3.%04u,\"kurtosis\":3.%03u,"
                        "\"speed_rpm\":1480.5,\"running\":true,", noise % 1000, noise, noise % 1000);
    return size + sprintf(at + size, "\"temperature_c\":45.%u}", noise % 10);
}

static void make(struct point *point, long number) {
    static char payload[MAX_PACKET];
    int size = 0, times[MAX_BATCH], sequences[MAX_BATCH];
    if (batch > 1) payload[size++] = '[';
    for (int k = 0; k < batch; k++) {
        if (k > 0) payload[size++] = ',';
        int length = write_reading(payload + size, number, k, &times[k], &sequences[k]);
        times[k] += size, sequences[k] += size, size += length;
    }
    if (batch > 1) payload[size++] = ']';
    char topic[80];
    int topic_size = sprintf(topic, "fieldloop/v1/bench/A%ld/DE-H/reading", number);
    uint8_t *packet = point->packet = malloc(size + topic_size + 16);
    int at = 0;
    packet[at++] = 0x32;
    at += length_bytes(packet + at, 2 + topic_size + 2 + size);
    packet[at++] = topic_size >> 8, packet[at++] = topic_size;
    memcpy(packet + at, topic, topic_size);
    point->id_at = at += topic_size;
    at += 2;
    memcpy(packet + at, payload, size);
    for (int k = 0; k < batch; k++) point->time_at[k] = at + times[k], point->sequence_at[k] = at + sequences[k];
    point->size = at + size;
}

/* The next message of a connection: its points in turn, each a tenth of a second later. */
static void fill(struct connection *link, struct point *all, int index) {
    long own = points / connections;
    struct point *point = &all[index * own + link->sent % own];
    uint16_t id = link->sent % 65535 + 1;
    point->packet[point->id_at] = id >> 8, point->packet[point->id_at + 1] = id;
    for (int k = 0; k < batch; k++, point->readings++) {
        digits(point->packet + point->time_at[k], start_ms + point->readings * 100, 13);
        digits(point->packet + point->sequence_at[k], 10000000 + point->readings, 8);
    }
    memcpy(link->buffer + link->used, point->packet, point->size);
    link->used += point->size;
    link->sent++;
}

static int text(uint8_t *at, const char *text) {
    int size = strlen(text);
    at[0] = size >> 8, at[1] = size;
    memcpy(at + 2, text, size);
    return size + 2;
}

static void open_link(struct connection *link, int index, int port, const char *user, const char *password) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1, size = 0;
    uint8_t body[512], packet[512], answer[4];
    char name[32];
    snprintf(name, sizeof name, "bench-%d-%d", getpid(), index);
    link->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(link->socket, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(link->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    size += text(body, "MQTT");
    body[size++] = 4, body[size++] = 0xC2, body[size++] = 0, body[size++] = 0;
    size += text(body + size, name);
    size += text(body + size, user);
    size += text(body + size, password);
    packet[0] = 0x10;
    int head = 1 + length_bytes(packet + 1, size);
    memcpy(packet + head, body, size);
    if (write(link->socket, packet, head + size) < 0) fail("write");
    if (recv(link->socket, answer, 4, MSG_WAITALL) != 4 || answer[3] != 0) fail("the broker refused");
    fcntl(link->socket, F_SETFL, O_NONBLOCK);
}

/* The broker sends nothing but PUBACKs: four bytes each. */
static void read_answers(struct connection *link) {
    uint8_t bytes[16384];
    ssize_t got;
    while ((got = read(link->socket, bytes, sizeof bytes)) > 0) {
        link->answered += got;
        link->acknowledged += link->answered / 4;
        link->answered %= 4;
    }
    if (got == 0 || (got < 0 && errno != EAGAIN)) fail("the broker went away");
}

static void write_more(struct connection *link) {
    while (link->written < link->used) {
        ssize_t put = write(link->socket, link->buffer + link->written, link->used - link->written);
        if (put < 0 && errno == EAGAIN) return;
        if (put < 0) fail("write");
        link->written += put;
    }
    link->used = link->written = 0;
}

static void options(int words, char **word) {
    struct { const char *name; long *value; } known[] = {
        {"connections", &connections}, {"window", &window}, {"rate", &rate},
        {"batch", &batch}, {"points", &points}, {"start", &start_ms}};
    for (int i = 0; i < words; i++) {
        int found = 0;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            size_t size = strlen(known[k].name);
            if (!strncmp(word[i], known[k].name, size) && word[i][size] == '=')
                *known[k].value = atol(word[i] + size + 1), found = 1;
        }
        if (!found) { fprintf(stderr, "publish: what is %s?\n", word[i]); exit(64); }
    }
    if (connections < 1 || connections > MAX_CONNECTIONS || batch < 1 || batch > MAX_BATCH || points % connections) {
        fprintf(stderr, "publish: connections 1-%d that divide points, batch 1-%d\n", MAX_CONNECTIONS, MAX_BATCH);
        exit(64);
    }
}

/* Sends and reads until every message is acknowledged. */
static void run(struct point *all, double start) {
    for (long left = connections; left > 0;) {
        long due = rate ? (long)((now() - start) * rate / connections) : count;
        left = connections;
        for (int i = 0; i < connections; i++) {
            struct connection *link = &links[i];
            read_answers(link);
            while (link->used < BUFFER - MAX_PACKET && link->sent < link->share && link->sent < due
                   && link->sent - link->acknowledged < window)
                fill(link, all, i);
            write_more(link);
            left -= link->acknowledged == link->share;
        }
        /* Woken for every acknowledgement, it would cost the broker more than the subscriber does. */
        if (left > 0) poll(NULL, 0, 1);
    }
}

int main(int words, char **word) {
    if (words < 5) {
        fputs("publish PORT USER PASSWORD COUNT [connections=4] [window=500] [rate=0] [batch=1] [points=200]\n", stderr);
        return 64;
    }
    count = atol(word[4]);
    options(words - 5, word + 5);
    if (!start_ms) start_ms = (long)time(NULL) * 1000 - count * batch / points * 100;
    struct point *all = calloc(points, sizeof *all);
    for (long i = 0; i < points; i++) make(&all[i], i);
    for (int i = 0; i < connections; i++) {
        links[i].share = count / connections + (i < count % connections);
        open_link(&links[i], i, atoi(word[1]), word[2], word[3]);
    }
    double start = now();
    run(all, start);
    double end = now();
    printf("{\"seconds\": %.3f, \"start\": %.6f, \"end\": %.6f, \"bytes\": %d}\n",
           end - start, start, end, all[0].size);
    return 0;
}
