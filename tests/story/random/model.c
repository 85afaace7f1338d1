/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/story/random/model.h"

#include <check.h>
#include <string.h>

ModelPoint *half_point(Half *half, const CrId *id)
{
        for (guint i = 0; i < half->n_points; i++)
                if (cr_id_equal(&half->point[i].id, id))
                        return &half->point[i];
        return NULL;
}

void half_add_point(Half *half, const CrId *id)
{
        ck_assert_uint_lt(half->n_points, POINTS_MAX);
        half->point[half->n_points++] = (ModelPoint){.id = *id, .must = TRUE};
}

ModelDivergence *half_divergence(Half *half, const CrId *id)
{
        for (guint i = 0; i < half->n_divergences; i++)
                if (cr_id_equal(&half->divergence[i].id, id))
                        return &half->divergence[i];
        return NULL;
}

void half_set_aside(Half *half, gboolean undoable)
{
        ModelDivergence *divergence = &half->divergence[half->n_divergences++];

        ck_assert_uint_le(half->n_divergences, DIVERGENCES_MAX);
        divergence->id = CR_ID_NONE;
        divergence->undoable = undoable;
        divergence->cut = half->head;
        half->has_head = FALSE;
}

void half_remove_divergence(Half *half, ModelDivergence *divergence)
{
        guint i = (guint)(divergence - half->divergence);

        half->n_divergences--;
        memmove(divergence, divergence + 1, (half->n_divergences - i) * sizeof(*divergence));
}

void half_put_back(Half *half, ModelDivergence *divergence)
{
        half->head = divergence->cut;
        half->has_head = TRUE;
        half_remove_divergence(half, divergence);
}

ModelDivergence *half_undoable(Half *half)
{
        for (guint i = 0; i < half->n_divergences; i++)
                if (half->divergence[i].undoable)
                        return &half->divergence[i];
        return NULL;
}

void half_flatten(Half *half)
{
        half->role = CR_ROLE_NONE;
        half->state = CR_STATE_DISABLED;
        half->n_points = 0;
        half->newest = CR_ID_NONE;
}

void half_release_points(Half *half)
{
        for (guint i = 0; i < half->n_points; i++)
                half->point[i].must = cr_id_equal(&half->point[i].id, &half->newest);
}
