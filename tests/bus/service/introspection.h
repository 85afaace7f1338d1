/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An interface's description in one form, so that two of them can be compared. */
#pragma once

/* One member a line, sorted: names, argument names, types, directions, flags, annotations; not the
 * documentation. Of introspection/<name>.xml, and of the interface @name in the text. */
char *introspection_of_file(const char *name);
char *introspection_of_xml(const char *xml, const char *name);
