/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of types that the service's parts pass to one another. */
#pragma once

typedef struct CrService CrService;
typedef struct CrCall CrCall;
typedef struct CrTask CrTask;
typedef struct CrJob CrJob;
