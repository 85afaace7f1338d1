/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between the daemon and a worker.
 *
 * Down: the worker's standard input is a SOCK_SEQPACKET socket; each message is one GVariant text of type
 * a{sv} with the key CR_MESSAGE. The first is CR_MESSAGE_REQUEST with the operation's arguments;
 * CR_MESSAGE_GO lets a worker that said READY=1 begin its work (the caller has its job path by then);
 * CR_MESSAGE_SEAL hands a receive the digests. End of file: the daemon is gone.
 *
 * Up: sd_notify datagrams. READY=1 when the worker's own checks have passed; fields below beside it. At a
 * failure BUSERROR= and STATUS=, and exit status 1. Cancel is SIGTERM, then SIGKILL.
 */
#pragma once

#define CR_MESSAGE "message"
#define CR_MESSAGE_REQUEST "request"
#define CR_MESSAGE_GO "go"
#define CR_MESSAGE_SEAL "seal"

/* Keys of the request; the operation's own are named beside each operation in worker/. */
#define CR_REQUEST_OPERATION "Operation"            /* s: cr_operation_word */
#define CR_REQUEST_COLLECTION "Collection"          /* s: id; of a definition and of Establish: the new one */
#define CR_REQUEST_JOB "Job"                        /* t: its id */
#define CR_REQUEST_OWNER "Owner"                    /* u: uid */
#define CR_REQUEST_CONFIG "Config"                  /* s: CrConfig's text */
#define CR_REQUEST_STATE_DIRECTORY "StateDirectory" /* s */
#define CR_REQUEST_RUNTIME_DIRECTORY "RuntimeDirectory" /* s */

/* Fields of the worker's datagrams. The values of REPLY and RESULT are one-line GVariant texts of a{sv}. */
#define CR_NOTIFY_REPLY "X_CR_REPLY" /* beside READY=1: what the method answers besides the job's path */
#define CR_NOTIFY_DONE                                                                                       \
        "X_CR_DONE" /* beside READY=1: "1" when there is nothing to do: the method answers "/", the worker   \
                       ends */
#define CR_NOTIFY_PHASE "X_CR_PHASE"       /* a few words */
#define CR_NOTIFY_PROGRESS "X_CR_PROGRESS" /* "done/total" bytes; total 0: unknown */
#define CR_NOTIFY_FINAL "X_CR_FINAL"       /* "1": the work can no longer be undone */
#define CR_NOTIFY_CHANGED "X_CR_CHANGED"   /* "1": the collection was saved; show it again */
#define CR_NOTIFY_RESULT "X_CR_RESULT"     /* before a successful exit: the job's Result */

/*
 * Each operation's own keys of the request (R), of READY's REPLY (Y) and of the RESULT (T). "call" operations
 * have no job: the daemon says GO at once and answers the method from the RESULT when the worker has ended
 * well.
 *
 *   DefineCollection              call  R Name s, Disks a(ss), Options a{sv}
 *   DestroyCollection             job   R Options a{sv}
 *   CreateReplicationRelationship job   R Settings a{sv}
 *   RemoveReplicationRelationship job   R Options a{sv}
 *   ModifyReplicationSettings     call  R Settings a{sv}
 *   StartReplication              job   R Type q, Location s, StartTime t (absent or 0: now)   DONE: put off
 *   ReplicateNow                  job
 *   ImportInitialReplication      job   R Directory s, Options a{sv}
 *   Seed                          job   R Caller a{sv}
 *   InitiateFailover              job   R Point s ("": the latest), Options a{sv}
 *   RevertFailover                job
 *   CommitFailover                call
 *   InitiatePlannedFailover       job   R Options a{sv}
 *   RevertPlannedFailover         job
 *   TestReplicaCollection         job   R Point s ("": the latest)   Y Collection s: the copy's name
 *   RevertTestReplicaCollection   job
 *   PreviewReverseReplication     call  T the preview's keys, as in the contract
 *   PrepareForReverseReplication  job
 *   RevertPrepareForReverseReplication  job
 *   ReverseReplicationRelationship      job   R Settings a{sv}
 *   Export                        job   R Divergence s, Directory s, Options a{sv}
 *   Discard                       job   R Divergence s
 *   Receive                       job   R Caller a{sv}, Transfer a{sv} (as in the Peer interface)   Y Exports
 * a(ss); DONE: the point is listed already Estimate                      call  R Point s T Disks a(st)
 *   Resynchronize                 job   R StartTime t, IncludeSuspended b
 *   Verify                        job   R Options a{sv}   T Compared t, Point s, Differences a(st)
 *   Digest                        call  R Caller a{sv}, What a{sv} (as in the Peer interface)
 *                                       T Size t, Next t, Runs a(ts) (digests as base64)
 *   Establish                     call  R Caller a{sv}, Name s, Engine s, Disks a(sst), Settings a{sv}
 *   Dissolve                      call  R Caller a{sv}
 *   UpdateDiskSet                 job   R Add a(ss), Remove as, Options a{sv}
 *   CancelUpdateDiskSet           job
 *   AdaptDisks                    call  R Caller a{sv}, Preparation s, Disks a(sst), Removed as (ids),
 * Settings a{sv} (changes) Recover                       -     T Operation s, Job t (0: there was no intent),
 * Completed b (FALSE: a cut that is no longer one instant)
 *
 * CR_MESSAGE_SEAL carries Digests a(ss) and Bytes t. Every job's RESULT has BytesSent t; the daemon adds
 * Duration t.
 */
