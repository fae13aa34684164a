#include <mosquitto.h>
#include <mqtt_protocol.h>

// What the loop's thread needs besides and Swift's Glibc module leaves out: eventfd(2), and a call that glibc declares
// only under _GNU_SOURCE.
#include <pthread.h>
#include <sys/eventfd.h>
extern int pthread_setname_np(pthread_t thread, const char *name);
