/* The physical limit: a libmosquitto subscriber that does nothing but count, with the library's ordinary loop, which
 * acknowledges each message at once.
 *
 *   count PORT USER PASSWORD COUNT [FILTER]
 *
 * Says "ready" when it is subscribed, and CLOCK_MONOTONIC when it has counted COUNT messages.
 */
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long wanted, counted;
static const char *filter = "fieldloop/v1/#";

static void on_connect(struct mosquitto *client, void *_, int refused) {
    if (refused) exit(1);
    mosquitto_subscribe(client, NULL, filter, 1);
}

static void on_subscribe(struct mosquitto *client, void *_, int id, int count, const int *granted) {
    puts("ready");
    fflush(stdout);
}

static void on_message(struct mosquitto *client, void *_, const struct mosquitto_message *message) {
    if (++counted < wanted) return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("{\"end\": %.6f}\n", now.tv_sec + now.tv_nsec / 1e9);
    exit(0);
}

int main(int words, char **word) {
    if (words < 5) return 64;
    wanted = atol(word[4]);
    if (words > 5) filter = word[5];
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new("bench-count", true, NULL);
    mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, 10000);
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_username_pw_set(client, word[2], word[3]);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_message_callback_set(client, on_message);
    if (mosquitto_connect(client, "127.0.0.1", atoi(word[1]), 60)) return 1;
    return mosquitto_loop_forever(client, -1, 1);
}
