/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fixed names of the bus API. */
#pragma once

#define CR_BUS_NAME "org.example.CollectionReplication"
#define CR_MANAGER_PATH "/org/example/CollectionReplication"
#define CR_COLLECTION_PREFIX CR_MANAGER_PATH "/collection"
#define CR_JOB_PREFIX CR_MANAGER_PATH "/job"

#define CR_MANAGER_INTERFACE CR_BUS_NAME
#define CR_COLLECTION_INTERFACE CR_BUS_NAME ".Collection"
#define CR_POINT_INTERFACE CR_BUS_NAME ".RecoveryPoint"
#define CR_DIVERGENCE_INTERFACE CR_BUS_NAME ".Divergence"
#define CR_JOB_INTERFACE CR_BUS_NAME ".Job"
#define CR_PEER_INTERFACE CR_BUS_NAME ".Peer"

/* The null path: no job, no point. */
#define CR_NULL_PATH "/"
