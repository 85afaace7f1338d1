/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole command lines, against a service that a test controls.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "client/client.h"
#include "fake-service.h"
#include "suites.h"

/* Objects that the fake service shows. */
#define SHOP CR_BUS_PATH "/collection/shop"
#define POINT "0123456789abcdef0123456789abcdef"
#define POINT_2 "0123ffffffffffffffffffffffffffff"
#define DIVERGENCE "fedcba9876543210fedcba9876543210"
#define FOREIGN_POINT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* of collection shop2 */
#define FOREIGN_JOB CR_BUS_PATH "/job/_8"
#define JOB CR_BUS_PATH "/job/_7"

/* What a test looks at; all of it is there between set-up and tear-down. */
extern FakeService *service;
extern GString *output;
extern GString *errors;

void fixture_set_up(void);
void fixture_tear_down(void);

/* One command line at the fake service's bus; words are separated by blanks. Returns its exit status. */
int run(const char *line);

void assert_contains(const GString *text, const char *part);

/* What the last command printed, as JSON; unref it. */
JsonNode *parse(const GString *text);
