/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine for disks in qcow2 files: layers are overlays, worked on with QEMU's tools. */
#pragma once

#include "core/engine.h"

extern const CrEngine cr_qcow2_engine;
