// SPDX-License-Identifier: Apache-2.0
// svg.c - a figure as one <svg> element.
#include "report/html.h"

void rb_svg_write(rb_out *o, const rb_svg *s, bool standalone)
{
    rb_out_put(o, "<svg class=\"rb-fig\" role=\"img\"");
    if (standalone)
        rb_out_print(o, " xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" style=\"max-width:%dpx\"",
                     s->w * 3 / 2, s->h * 3 / 2, s->w * 3 / 2);
    rb_out_print(o, " viewBox=\"0 0 %d %d\" aria-label=\"", s->w, s->h);
    rb_out_escaped(o, s->label);
    rb_out_put(o, "\"><title>");
    rb_out_escaped(o, s->label);
    rb_out_put(o, "</title>");
    if (standalone) rb_out_print(o, "<style>%s</style>", rb_figure_css);
    rb_out_put(o, s->body);
    rb_out_put(o, "</svg>");
}
