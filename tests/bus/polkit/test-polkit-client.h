/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A process that calls the service as some user. */

#include <sys/types.h>

typedef struct Client {
        pid_t pid;
        int request_fd;
} Client;

typedef struct ClientRequest {
        const char *interface; /* static strings all: the client is a fork and sees them, too */
        const char *member;
        const char *collection; /* name; NULL: the call has no argument */
        int interactive;  /* boolean (without padding, as it goes through a pipe): sets the message's flag
                             ALLOW_INTERACTIVE_AUTHORIZATION */
        unsigned n_calls; /* so many at once; 0 means 1 */
} ClientRequest;

/* Returns when the process is that user's. */
void client_start(Client *c, const char *user);

/* Makes the client call. It waits for the replies, for ever, and then ends. To be used once. */
void client_call(Client *c, ClientRequest request);

/* Both of the above. */
void client_start_call(Client *c, const char *user, ClientRequest request);

/* The client leaves, whatever it is doing. */
void client_kill(Client *c);

/* Waits until the client has had its replies and has ended. */
void client_join(Client *c);
